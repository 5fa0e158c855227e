// SPDX-License-Identifier: Apache-2.0
// One compressed part of an initramfs, as a stream of bounded length; all compressions the kernel knows
// (kernel: lib/decompress.c and usr/Kconfig).
import { open, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { makeRunDirectory, run } from "../../system/index.ts";

export type Compression = "none" | "gzip" | "zstd" | "xz" | "lzma" | "bzip2" | "lz4" | "lzop";

const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ["none", [0x30, 0x37, 0x30, 0x37, 0x30]], // 07070
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["lzma", [0x5d, 0x00, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["lz4", [0x02, 0x21, 0x4c, 0x18]], // the legacy frame, the only one the kernel reads
  ["lzop", [0x89, 0x4c, 0x5a, 0x4f]],
];

export function compressionAt(bytes: Buffer, at: number): Compression | null {
  return MAGICS.find(([, magic]) => magic.every((byte, index) => bytes[at + index] === byte))?.[0] ?? null;
}

/** An initramfs of everything is about 300 MB unpacked. */
export const MAX_UNPACKED_BYTES = 2 ** 30;
const PART = 2 ** 18;

/**
 * Unpacks `bytes` into `take`, piece by piece, and returns how many packed bytes the part had. What follows is the next
 * part of the file; external programs, unlike Node's own decoders, take all that is left.
 */
export async function decompress(
  bytes: Buffer,
  compression: Exclude<Compression, "none">,
  { take, signal }: { take: (part: Buffer) => void; signal: AbortSignal },
): Promise<number> {
  switch (compression) {
    case "gzip":
      return await throughZlib(bytes, createGunzip({ chunkSize: PART }), take, signal);
    case "zstd": {
      const length = zstdLength(bytes);
      await throughZlib(bytes.subarray(0, length), createZstdDecompress({ chunkSize: PART }), take, signal);
      return length;
    }
    case "lz4": {
      const length = lz4Length(bytes);
      await throughProgram(bytes.subarray(0, length), compression, take, signal);
      return length;
    }
    case "xz":
      await throughProgram(withoutZeros(bytes), compression, take, signal);
      return bytes.length;
    case "lzma":
    case "bzip2":
    case "lzop":
      await throughProgram(bytes, compression, take, signal);
      return bytes.length;
  }
}

type Zlib = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;

async function throughZlib(
  bytes: Buffer,
  stream: Zlib,
  take: (part: Buffer) => void,
  signal: AbortSignal,
): Promise<number> {
  try {
    stream.end(bytes);
    for await (const part of stream) {
      signal.throwIfAborted();
      take(part as Buffer);
    }
    return stream.bytesWritten;
  } finally {
    stream.destroy();
  }
}

/** A part has no end. */
export class EndsEarly extends RangeError {}

/** Length of the frame at the start, by its blocks; nothing is unpacked (RFC 8878, 3.1.1). */
export function zstdLength(bytes: Buffer): number {
  const descriptor = bytes[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let at = 5 + (single ? 0 : 1) + dictionary + contentSize;
  for (;;) {
    if (at + 3 > bytes.length) throw new EndsEarly("The zstd part of the initramfs is cut off");
    const head = bytes.readUIntLE(at, 3);
    const type = (head >> 1) & 3;
    at += 3 + (type === 1 ? 1 : head >> 3); // a run is one byte
    if ((head & 1) === 1) break;
  }
  const end = at + ((descriptor & 0x04) === 0 ? 0 : 4);
  if (end > bytes.length) throw new EndsEarly("The zstd part of the initramfs is cut off");
  return end;
}

/** Length of the legacy frames at the start: blocks of 8 MiB at most, each with its size in front (lz4_Frame_format.md). */
function lz4Length(bytes: Buffer): number {
  const largest = 8_421_520; // LZ4_compressBound() of 8 MiB, and some
  let at = 4;
  while (at + 4 <= bytes.length) {
    const size = bytes.readUInt32LE(at);
    if (size === 0x184c2102) at += 4;
    else if (size === 0 || size > largest) break;
    else at += 4 + size;
  }
  if (at > bytes.length) throw new EndsEarly("The lz4 part of the initramfs is cut off");
  return at;
}

const PROGRAMS: Readonly<Record<Exclude<Compression, "none" | "gzip" | "zstd">, readonly string[]>> = {
  xz: ["xz", "-dc"],
  lzma: ["xz", "--format=lzma", "-dc"],
  bzip2: ["bzip2", "-dc"],
  lz4: ["lz4", "-dc"],
  lzop: ["lzop", "-dc"],
};

/** Through files: the shell's file size limit (in blocks of 512 bytes) bounds what the program may unpack. */
async function throughProgram(
  bytes: Buffer,
  compression: keyof typeof PROGRAMS,
  take: (part: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  await using directory = await makeRunDirectory("unpack");
  const [packed, unpacked] = [join(directory.path, "packed"), join(directory.path, "unpacked")];
  await writeFile(packed, bytes, { mode: 0o600 });
  const limit = `ulimit -f ${MAX_UNPACKED_BYTES / 512}`;
  const script = `${limit} && exec "$@" < "$P2V_IN" > "$P2V_OUT"`;
  await run(["sh", "-c", script, "sh", ...PROGRAMS[compression]], {
    signal,
    timeoutMs: 300_000,
    env: { P2V_IN: packed, P2V_OUT: unpacked },
  });
  await using file = await open(unpacked, "r");
  for await (const part of createReadStream("", { fd: file, autoClose: false, highWaterMark: PART }))
    take(part as Buffer);
}

/** xz rejects padding that is not a multiple of 4; its own last bytes are `YZ`. */
function withoutZeros(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}
