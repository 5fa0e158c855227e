// SPDX-License-Identifier: Apache-2.0
// Space of a btrfs device that no chunk has (fs/btrfs: btrfs_tree.h, "On-disk Format"). Chunks are sent whole, with
// every copy of DUP and RAID: partclone's map lists one copy only, and a scrub of such an image finds errors.
import { complement, normalizeRanges, type Range } from "../../core/index.ts";
import { FreeRanges, type FreeSpace, unknownFree } from "./free.ts";
import { type Reader, readExactly, viewOf } from "../storage/reader.ts";

const SUPER_AT = 65_536;
const SUPER_BYTES = 4096;
/** All places of the superblock; each is kept with its 64 KiB. */
const SUPERS_AT: readonly number[] = [65_536, 64 * 2 ** 20, 256 * 2 ** 30];
/** btrfs leaves it to boot loaders. */
const RESERVED_BYTES = 2 ** 20;
/** All up to raid1c34, and simple quota; not zoned, extent tree v2, RAID stripe tree. */
const INCOMPAT_KNOWN = 0x10fffn & ~0x1000n;
const CHUNK_ITEM = 228;
const HEADER_BYTES = 101;
const MAX_CHUNKS = 500_000;

/** Profiles in which each stripe holds all of the chunk: single, DUP, RAID1, RAID1C3, RAID1C4. */
const RAID0 = 1 << 3;
const RAID10 = 1 << 6;
const RAID5 = 1 << 7;
const RAID6 = 1 << 8;

type Stripe = { readonly device: number; readonly at: number };
type Chunk = {
  readonly start: number;
  readonly length: number;
  /** Bytes that one stripe takes of its device. */
  readonly stripeBytes: number;
  readonly isCopied: boolean;
  readonly stripes: readonly Stripe[];
};

type Super = {
  readonly chunkRoot: number;
  readonly chunkLevel: number;
  readonly chunkGeneration: number;
  readonly nodeBytes: number;
  readonly device: number;
  readonly deviceBytes: number;
  readonly usedBytes: number;
  readonly systemChunks: readonly Chunk[];
};

/** One device of a file system; `unknown` where its chunk tree is not on it, or is not understood. */
export async function readBtrfsFree(
  reader: Reader,
  { signal }: { readonly signal: AbortSignal },
): Promise<FreeSpace> {
  const bytes = await readExactly(reader, SUPER_AT, SUPER_BYTES);
  const fs = bytes === null ? "it has no superblock" : parseSuper(bytes, reader.sizeBytes);
  if (typeof fs === "string") return unknownFree(fs);
  const chunks = await readChunkTree(reader, fs, signal);
  if (typeof chunks === "string") return unknownFree(chunks);
  const used: Range[] = chunks.flatMap(({ stripes, stripeBytes }) =>
    stripes
      .filter(({ device }) => device === fs.device)
      .map(({ at }) => ({ start: at, end: at + stripeBytes })),
  );
  const normal = normalizeRanges(used);
  const sum = used.reduce((total, { start, end }) => total + end - start, 0);
  if (sum !== fs.usedBytes || !((normal.at(-1)?.end ?? 0) <= fs.deviceBytes))
    return unknownFree("its chunks contradict its superblock");
  const kept = [
    { start: 0, end: RESERVED_BYTES },
    ...SUPERS_AT.map((at) => ({ start: at, end: at + 65_536 })),
  ];
  const out = new FreeRanges();
  const all = normalizeRanges([...normal, ...kept]);
  for (const { start, end } of complement(all, { start: 0, end: fs.deviceBytes })) out.add(start, end);
  return { kind: "free", ranges: out.ranges() };
}

/** The superblock, or why it is not understood. */
function parseSuper(bytes: Uint8Array, sizeBytes: number): Super | string {
  const view = viewOf(bytes);
  if (latin1(bytes, 64, 72) !== "_BHRfS_M") return "it has no superblock";
  if ((view.getBigUint64(188, true) & ~INCOMPAT_KNOWN) !== 0n) return "it has features that are not known";
  const nodeBytes = view.getUint32(148, true);
  const arrayBytes = view.getUint32(160, true);
  const deviceBytes = number64(view, 209);
  if (nodeBytes < 4096 || nodeBytes > 65_536 || (nodeBytes & (nodeBytes - 1)) !== 0)
    return "its node size is not valid";
  if (number64(view, 48) !== SUPER_AT || arrayBytes > 2048) return "its superblock is not valid";
  if (!(deviceBytes <= sizeBytes)) return "it is larger than its volume";
  const systemChunks: Chunk[] = [];
  for (let at = 811; at < 811 + arrayBytes; ) {
    const chunk =
      view.getUint8(at + 8) === CHUNK_ITEM ? parseChunk(bytes, number64(view, at + 9), at + 17) : null;
    if (chunk === null) return "its system chunks are not valid";
    systemChunks.push(chunk);
    at += 17 + 48 + 32 * chunk.stripes.length;
  }
  return {
    chunkRoot: number64(view, 88),
    chunkLevel: view.getUint8(199),
    chunkGeneration: number64(view, 164),
    nodeBytes,
    device: number64(view, 201),
    deviceBytes,
    usedBytes: number64(view, 217),
    systemChunks,
  };
}

/** The item of a chunk at `at`; its key says where it starts. */
function parseChunk(bytes: Uint8Array, start: number, at: number): Chunk | null {
  if (at + 48 > bytes.length) return null;
  const view = viewOf(bytes);
  const length = number64(view, at);
  const type = Number(view.getBigUint64(at + 24, true) & 0xfffn);
  const count = view.getUint16(at + 44, true);
  const subStripes = view.getUint16(at + 46, true);
  if (count === 0 || at + 48 + 32 * count > bytes.length || !Number.isSafeInteger(start + length))
    return null;
  const shares =
    (type & RAID0) !== 0
      ? count
      : (type & RAID10) !== 0
        ? count / Math.max(1, subStripes)
        : (type & RAID5) !== 0
          ? count - 1
          : (type & RAID6) !== 0
            ? count - 2
            : 1;
  const stripeBytes = length / shares;
  if (shares < 1 || !Number.isSafeInteger(stripeBytes) || stripeBytes === 0) return null;
  const stripes: Stripe[] = [];
  for (let i = 0; i < count; i += 1) {
    const stripe = { device: number64(view, at + 48 + 32 * i), at: number64(view, at + 56 + 32 * i) };
    if (!Number.isSafeInteger(stripe.at + stripeBytes)) return null;
    stripes.push(stripe);
  }
  return { start, length, stripeBytes, isCopied: shares === 1 && stripeBytes === length, stripes };
}

/** All chunks, or why they cannot be read. Each node is visited once: a tree in a circle ends. */
async function readChunkTree(
  reader: Reader,
  fs: Super,
  signal: AbortSignal,
): Promise<readonly Chunk[] | string> {
  const chunks: Chunk[] = [];
  const seen = new Set<number>();
  const open = [{ at: fs.chunkRoot, level: fs.chunkLevel }];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    signal.throwIfAborted();
    if (seen.has(node.at) || seen.size > MAX_CHUNKS) return "its chunk tree is damaged";
    seen.add(node.at);
    const bytes = await readNode(reader, fs, node.at);
    if (typeof bytes === "string") return bytes;
    const view = viewOf(bytes);
    const items = view.getUint32(96, true);
    const itemBytes = node.level === 0 ? 25 : 33;
    if (seen.size === 1 && number64(view, 80) !== fs.chunkGeneration)
      return "its chunk tree is of another time";
    if (view.getUint8(100) !== node.level || HEADER_BYTES + items * itemBytes > bytes.length)
      return "its chunk tree is damaged";
    for (let i = 0; i < items; i += 1) {
      const key = HEADER_BYTES + i * itemBytes;
      if (node.level > 0) open.push({ at: number64(view, key + 17), level: node.level - 1 });
      else if (view.getUint8(key + 8) === CHUNK_ITEM) {
        const chunk = parseChunk(
          bytes,
          number64(view, key + 9),
          HEADER_BYTES + view.getUint32(key + 17, true),
        );
        if (chunk === null || chunks.length >= MAX_CHUNKS) return "its chunk tree is damaged";
        chunks.push(chunk);
      }
    }
  }
  return chunks;
}

/** The node at a logical address, from the first copy of it on this device that is sound. */
async function readNode(reader: Reader, fs: Super, logical: number): Promise<Uint8Array | string> {
  const chunk = fs.systemChunks.find(
    ({ start, length }) => logical >= start && logical + fs.nodeBytes <= start + length,
  );
  if (chunk === undefined || !chunk.isCopied) return "its chunk tree is not understood";
  const copies = chunk.stripes.filter(({ device }) => device === fs.device);
  if (copies.length === 0) return "its chunk tree lies on another disk";
  for (const { at } of copies) {
    const bytes = await readExactly(reader, at + logical - chunk.start, fs.nodeBytes);
    if (bytes === null) continue;
    const isRight = number64(viewOf(bytes), 48) === logical && number64(viewOf(bytes), 88) === 3; // owner: chunk tree
    if (isRight) return bytes;
  }
  return "its chunk tree is damaged";
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}

/** NaN beyond what a double counts: every comparison with it fails. */
function number64(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.NaN : Number(value);
}
