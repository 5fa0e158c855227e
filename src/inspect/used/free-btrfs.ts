// SPDX-License-Identifier: Apache-2.0
// Space of a btrfs device that no chunk has (fs/btrfs: btrfs_tree.h, "On-disk Format"). Chunks are sent whole, with
// every copy of DUP and RAID: partclone's map lists one copy only, and a scrub of such an image finds errors.
import { complement, le, normalizeRanges, type Range, struct } from "../../core/index.ts";
import { FreeRanges, type FreeSpace, unknownFree } from "./free.ts";
import { type Reader, readExactly } from "../storage/reader.ts";

const SUPER_AT = 65_536;
const SUPER_BYTES = 4096;
/** All places of the superblock; each is kept with its 64 KiB. */
const SUPERS_AT: readonly number[] = [65_536, 64 * 2 ** 20, 256 * 2 ** 30];
/** btrfs leaves it to boot loaders. */
const RESERVED_BYTES = 2 ** 20;
/** All up to raid1c34, and simple quota; not zoned, extent tree v2, RAID stripe tree. */
const INCOMPAT_KNOWN = 0x10fffn & ~0x1000n;
const MAX_CHUNKS = 500_000;

/** btrfs_super_block; its device's btrfs_dev_item is a part of it. */
const SUPERBLOCK = struct({
  address: le.count64(48),
  magic: le.text(64, 8),
  chunkRoot: le.count64(88),
  nodeBytes: le.u32(148),
  systemChunksBytes: le.u32(160),
  chunkGeneration: le.count64(164),
  incompat: le.u64(188),
  chunkLevel: le.u8(199),
  device: le.count64(201),
  deviceBytes: le.count64(209),
  usedBytes: le.count64(217),
});
const MAGIC = "_BHRfS_M";
/** A key and its chunk, one behind the other. */
const SYSTEM_CHUNKS = { at: 811, maxBytes: 2048 };

/** btrfs_header, before the items of a node. */
const NODE = struct({
  address: le.count64(48),
  generation: le.count64(80),
  owner: le.count64(88),
  items: le.u32(96),
  level: le.u8(100),
});
const CHUNK_TREE = 3;

/** btrfs_disk_key. */
const KEY = struct({ type: le.u8(8), offset: le.count64(9) });
const CHUNK_ITEM = 228;
/** btrfs_item of a leaf; `at` counts from the end of the node's header. */
const ITEM = struct({ ...KEY.fields, at: le.u32(17), sizeBytes: le.u32(21) });
/** btrfs_key_ptr of an inner node. */
const POINTER = struct({ ...KEY.fields, child: le.count64(17), generation: le.count64(25) });

/** btrfs_chunk; stripes follow. Of the type only the profile is known here. */
const CHUNK = struct({
  length: le.count64(0),
  type: le.u64(24),
  stripes: le.u16(44),
  subStripes: le.u16(46),
});
/** btrfs_stripe. */
const STRIPE = struct({ device: le.count64(0), at: le.count64(8) });
const STRIPE_BYTES = 32;

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
  const found = SUPERBLOCK.read(bytes);
  if (found.magic !== MAGIC) return "it has no superblock";
  if ((found.incompat & ~INCOMPAT_KNOWN) !== 0n) return "it has features that are not known";
  const { nodeBytes, deviceBytes } = found;
  if (nodeBytes < 4096 || nodeBytes > 65_536 || (nodeBytes & (nodeBytes - 1)) !== 0)
    return "its node size is not valid";
  if (found.address !== SUPER_AT || found.systemChunksBytes > SYSTEM_CHUNKS.maxBytes)
    return "its superblock is not valid";
  if (!(deviceBytes <= sizeBytes)) return "it is larger than its volume";
  const systemChunks: Chunk[] = [];
  for (let at = SYSTEM_CHUNKS.at; at < SYSTEM_CHUNKS.at + found.systemChunksBytes; ) {
    const key = KEY.read(bytes, at);
    const chunk = key.type === CHUNK_ITEM ? parseChunk(bytes, key.offset, at + KEY.sizeBytes) : null;
    if (chunk === null) return "its system chunks are not valid";
    systemChunks.push(chunk);
    at += KEY.sizeBytes + CHUNK.sizeBytes + STRIPE_BYTES * chunk.stripes.length;
  }
  return { ...found, systemChunks };
}

/** The item of a chunk at `at`; its key says where it starts. */
function parseChunk(bytes: Uint8Array, start: number, at: number): Chunk | null {
  const stripesAt = at + CHUNK.sizeBytes;
  if (stripesAt > bytes.length) return null;
  const { length, type: flags, stripes: count, subStripes } = CHUNK.read(bytes, at);
  const type = Number(flags & 0xfffn);
  const end = stripesAt + STRIPE_BYTES * count;
  if (count === 0 || end > bytes.length || !Number.isSafeInteger(start + length)) return null;
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
    const stripe = STRIPE.read(bytes, stripesAt + STRIPE_BYTES * i);
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
    const head = NODE.read(bytes);
    const itemBytes = (node.level === 0 ? ITEM : POINTER).sizeBytes;
    if (seen.size === 1 && head.generation !== fs.chunkGeneration) return "its chunk tree is of another time";
    if (head.level !== node.level || NODE.sizeBytes + head.items * itemBytes > bytes.length)
      return "its chunk tree is damaged";
    for (let i = 0; i < head.items; i += 1) {
      const at = NODE.sizeBytes + i * itemBytes;
      if (node.level > 0) {
        open.push({ at: POINTER.read(bytes, at).child, level: node.level - 1 });
        continue;
      }
      const item = ITEM.read(bytes, at);
      if (item.type !== CHUNK_ITEM) continue;
      const chunk = parseChunk(bytes, item.offset, NODE.sizeBytes + item.at);
      if (chunk === null || chunks.length >= MAX_CHUNKS) return "its chunk tree is damaged";
      chunks.push(chunk);
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
    const { address, owner } = NODE.read(bytes);
    if (address === logical && owner === CHUNK_TREE) return bytes;
  }
  return "its chunk tree is damaged";
}
