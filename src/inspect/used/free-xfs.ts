// SPDX-License-Identifier: Apache-2.0
// Free extents of XFS from the by-block free space tree of each allocation group (fs/xfs/libxfs/xfs_format.h).
import { be, dataView, struct, XFS_MAGIC, XFS_SUPERBLOCK } from "../../core/index.ts";
import { FreeRanges, type FreeOptions, type FreeSpace, unknownFree } from "./free.ts";
import { type Reader, readExactly } from "../storage/reader.ts";
import { isLogClean } from "./xfs-log.ts";

/** ftype, spinodes, meta_uuid, bigtime, nrext64, exchrange, parent, metadir; not: needsrepair, zoned. */
const INCOMPAT_KNOWN = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100;
const MAX_LEVELS = 9;

/** xfs_agf: the free space of one allocation group. */
const AGF = struct({
  magic: be.u32(0),
  ag: be.u32(8),
  blocks: be.u32(12),
  rootBlock: be.u32(16),
  levels: be.u32(28),
  freeBlocks: be.u32(52),
});
const AGF_MAGIC = 0x58414746; // XAGF
const SECTOR = 512;

/** xfs_btree_block, short form. The header of version 5 is longer. */
const TREE_BLOCK = struct({ magic: be.u32(0), level: be.u16(4), count: be.u16(6), right: be.u32(12) });
const TREE_MAGIC = { plain: 0x41425442, crc: 0x41423342 }; // ABTB, AB3B
const TREE_HEADER_BYTES = { plain: 16, crc: 56 };
const NO_BLOCK = 0xffffffff;
/** xfs_alloc_rec: in the leaves a free extent, in nodes a key. Pointers follow all keys that fit. */
const RECORD = struct({ start: be.u32(0), count: be.u32(4) });
const POINTER = struct({ block: be.u32(0) });

type Super = {
  readonly blockBytes: number;
  readonly sectorBytes: number;
  readonly blocks: number;
  readonly agBlocks: number;
  readonly agCount: number;
  readonly hasCrc: boolean;
  readonly log: { readonly start: number; readonly sizeBytes: number };
};

/** `unknown` for a file system that is dirty, damaged or has features that are not understood. */
export async function readXfsFree(
  reader: Reader,
  { signal, isHint = false }: FreeOptions,
): Promise<FreeSpace> {
  const bytes = await readExactly(reader, 0, SECTOR);
  const fs = bytes === null ? "it has no superblock" : parseSuper(bytes, reader.sizeBytes);
  if (typeof fs === "string") return unknownFree(fs);
  if (!isHint && !(await isLogClean(reader, fs.log, signal))) return unknownFree("its log is not replayed");
  const out = new FreeRanges();
  try {
    for (let ag = 0; ag < fs.agCount; ag += 1) {
      signal.throwIfAborted();
      const wrong = await readGroup(reader, { fs, ag, out, signal });
      if (wrong !== null && !isHint) return unknownFree(`its allocation group ${ag} is damaged: ${wrong}`);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return unknownFree("its free space trees are damaged");
  }
  return { kind: "free", ranges: out.ranges() };
}

/** The superblock, or why it is not understood. All numbers are big-endian. */
function parseSuper(bytes: Uint8Array, sizeBytes: number): Super | string {
  const found = XFS_SUPERBLOCK.read(bytes);
  if (found.magic !== XFS_MAGIC) return "it has no superblock";
  const { blockBytes, blocks, logStart, agBlocks, agCount, logBlocks, sectorBytes, agBlockLog } = found;
  const version = found.version & 0xf;
  const isPower = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;
  if (version !== 4 && version !== 5) return `its version ${version} is not known`;
  if (found.inProgress !== 0) return "it was never finished";
  if (!isPower(blockBytes) || blockBytes < 512 || blockBytes > 65_536) return "its block size is not valid";
  if (!isPower(sectorBytes) || sectorBytes < 512 || sectorBytes > 32_768)
    return "its sector size is not valid";
  if (version === 5 && (found.incompat & ~INCOMPAT_KNOWN) !== 0)
    return "it has features that are not known, or needs repair";
  if (!Number.isSafeInteger(blocks * blockBytes) || blocks * blockBytes > sizeBytes)
    return "it is larger than its volume";
  if (agBlocks < 64 || agBlockLog > 32 || agCount === 0) return "its allocation groups are not valid";
  if (agBlocks > 2 ** agBlockLog || Math.ceil(blocks / agBlocks) !== agCount)
    return "its allocation groups are not valid";
  if (!(logStart > 0)) return "its log is on another disk";
  const logGroup = Math.floor(logStart / 2 ** agBlockLog);
  const logBlock = logGroup * agBlocks + (logStart % 2 ** agBlockLog);
  if (logGroup >= agCount || logBlock + logBlocks > blocks) return "its log lies outside";
  return {
    blockBytes,
    sectorBytes,
    blocks,
    agBlocks,
    agCount,
    hasCrc: version === 5,
    log: { start: logBlock * blockBytes, sizeBytes: logBlocks * blockBytes },
  };
}

type Group = {
  readonly fs: Super;
  readonly ag: number;
  readonly out: FreeRanges;
  readonly signal: AbortSignal;
};

/** Adds the free extents of one group; says what is wrong, or null. */
async function readGroup(reader: Reader, { fs, ag, out, signal }: Group): Promise<string | null> {
  const base = ag * fs.agBlocks;
  const length = Math.min(fs.agBlocks, fs.blocks - base);
  const bytes = await readExactly(reader, base * fs.blockBytes + fs.sectorBytes, SECTOR);
  if (bytes === null) return "no free space header";
  const agf = AGF.read(bytes);
  if (agf.magic !== AGF_MAGIC || agf.ag !== ag || agf.blocks !== length) return "no free space header";
  const { levels } = agf;
  if (levels < 1 || levels > MAX_LEVELS) return `a tree of ${levels} levels`;
  const before = out.totalBytes;
  let block = agf.rootBlock;
  for (let level = levels - 1; level > 0; level -= 1) {
    const node = await readBlock(reader, { fs, base, length, block, level });
    if (node === null) return "a broken tree";
    const room = fs.blockBytes - headerBytes(fs);
    const most = Math.floor(room / (RECORD.sizeBytes + POINTER.sizeBytes));
    if (node.count > most || node.count === 0) return "a broken tree";
    block = POINTER.read(node.view, headerBytes(fs) + most * RECORD.sizeBytes).block;
  }
  // All leaves are a list from left to right.
  let end = 0;
  for (let leaves = 0; block !== NO_BLOCK; leaves += 1) {
    if (leaves > length) return "a tree in a circle";
    if (leaves % 64 === 0) signal.throwIfAborted();
    const leaf = await readBlock(reader, { fs, base, length, block, level: 0 });
    if (leaf === null || leaf.count > Math.floor((fs.blockBytes - headerBytes(fs)) / RECORD.sizeBytes))
      return "a broken tree";
    for (let i = 0; i < leaf.count; i += 1) {
      const at = headerBytes(fs) + i * RECORD.sizeBytes;
      const start = RECORD.fields.start.get(leaf.view, at);
      const count = RECORD.fields.count.get(leaf.view, at);
      if (start < end || count === 0 || start + count > length) return "extents out of order";
      end = start + count;
      out.add((base + start) * fs.blockBytes, (base + end) * fs.blockBytes);
    }
    block = leaf.right;
  }
  return out.totalBytes - before === agf.freeBlocks * fs.blockBytes
    ? null
    : "the sum of its free blocks is wrong";
}

const headerBytes = (fs: Super): number => (fs.hasCrc ? TREE_HEADER_BYTES.crc : TREE_HEADER_BYTES.plain);

type BlockAt = {
  readonly fs: Super;
  readonly base: number;
  readonly length: number;
  readonly block: number;
  readonly level: number;
};

async function readBlock(
  reader: Reader,
  { fs, base, length, block, level }: BlockAt,
): Promise<{ view: DataView; count: number; right: number } | null> {
  if (block === 0 || block >= length) return null;
  const bytes = await readExactly(reader, (base + block) * fs.blockBytes, fs.blockBytes);
  if (bytes === null) return null;
  const view = dataView(bytes);
  const head = TREE_BLOCK.read(view);
  if (head.magic !== (fs.hasCrc ? TREE_MAGIC.crc : TREE_MAGIC.plain) || head.level !== level) return null;
  return { view, count: head.count, right: head.right };
}
