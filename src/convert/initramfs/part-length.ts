// SPDX-License-Identifier: Apache-2.0
// Where a compressed part of an initramfs ends, as its own format says: nothing is unpacked. Pure.

/** A part has no end. */
export class EndsEarly extends RangeError {
  constructor(compression: string) {
    super(`The ${compression} part of the initramfs is cut off`);
  }
}

/** Of what stands in front of the deflated bytes (RFC 1952, 2.3). */
export function gzipHeader(bytes: Buffer): number {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & 0x04) !== 0) at += 2 + (at + 2 <= bytes.length ? bytes.readUInt16LE(at) : bytes.length);
  for (const flag of [0x08, 0x10]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end === -1) throw new EndsEarly("gzip");
    at = end + 1;
  }
  if ((flags & 0x02) !== 0) at += 2;
  if (at >= bytes.length) throw new EndsEarly("gzip");
  return at;
}

/** By its blocks (RFC 8878, 3.1.1). */
export function zstdLength(bytes: Buffer): number {
  const descriptor = bytes[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let at = 5 + (single ? 0 : 1) + dictionary + contentSize;
  for (;;) {
    if (at + 3 > bytes.length) throw new EndsEarly("zstd");
    const head = bytes.readUIntLE(at, 3);
    const type = (head >> 1) & 3;
    at += 3 + (type === 1 ? 1 : head >> 3); // a run is one byte
    if ((head & 1) === 1) break;
  }
  const end = at + ((descriptor & 0x04) === 0 ? 0 : 4);
  if (end > bytes.length) throw new EndsEarly("zstd");
  return end;
}

/** The legacy frames at the start: blocks of 8 MiB at most, each with its size in front (lz4_Frame_format.md). */
export function lz4Length(bytes: Buffer): number {
  const largest = 8_421_520; // LZ4_compressBound() of 8 MiB, and some
  let at = 4;
  while (at + 4 <= bytes.length) {
    const size = bytes.readUInt32LE(at);
    if (size === 0x184c2102) at += 4;
    else if (size === 0 || size > largest) break;
    else at += 4 + size;
  }
  if (at > bytes.length) throw new EndsEarly("lz4");
  return at;
}

const BZIP2_END = 0x177245385090n;

/** To the mark of its end, which may begin at any bit, and the checksum behind it (bzip2: decompress.c). */
export function bzip2Length(bytes: Buffer): number {
  let length = Number.POSITIVE_INFINITY;
  for (let bit = 0; bit < 8; bit += 1) {
    const mark = Buffer.alloc(8);
    mark.writeBigUInt64BE(BZIP2_END << BigInt(16 - bit));
    const inner = mark.subarray(1, 6); // whole bytes of it
    for (let at = bytes.indexOf(inner, 4); at !== -1; at = bytes.indexOf(inner, at + 1)) {
      const start = at - 1;
      if (start + 8 > bytes.length) break;
      const found = (bytes.readBigUInt64BE(start) >> BigInt(16 - bit)) & 0xffffffffffffn;
      if (found !== BZIP2_END) continue;
      length = Math.min(length, start + Math.ceil((bit + 48 + 32) / 8));
      break;
    }
  }
  if (length > bytes.length) throw new EndsEarly("bzip2");
  return length;
}

const LZOP_ADLER32_D = 0x1;
const LZOP_ADLER32_C = 0x2;
const LZOP_FILTER = 0x800;
const LZOP_EXTRA = 0x40;
const LZOP_CRC32_D = 0x100;
const LZOP_CRC32_C = 0x200;

/** By its header and its blocks, whose end is one of no bytes (kernel: lib/decompress_unlzo.c). */
export function lzopLength(bytes: Buffer): number {
  const u32 = (at: number): number => {
    if (at + 4 > bytes.length) throw new EndsEarly("lzop");
    return bytes.readUInt32BE(at);
  };
  const isNew = u32(9) >>> 16 >= 0x940;
  const flagsAt = isNew ? 17 : 14;
  const flags = u32(flagsAt);
  const count = (...masks: readonly number[]): number => masks.filter((mask) => (flags & mask) !== 0).length;
  const nameAt = flagsAt + 4 + 4 * count(LZOP_FILTER) + (isNew ? 12 : 8);
  let at = nameAt + 1 + (bytes[nameAt] ?? 0) + 4;
  if (count(LZOP_EXTRA) > 0) at += 4 + u32(at) + 4;
  for (;;) {
    const unpacked = u32(at);
    if (unpacked === 0) return at + 4;
    const packed = u32(at + 4);
    const sums =
      count(LZOP_ADLER32_D, LZOP_CRC32_D) + (packed < unpacked ? count(LZOP_ADLER32_C, LZOP_CRC32_C) : 0);
    at += 8 + 4 * sums + packed;
  }
}
