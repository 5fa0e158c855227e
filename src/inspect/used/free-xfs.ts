// SPDX-License-Identifier: Apache-2.0
// Free extents of XFS from the by-block free space tree of each allocation group (fs/xfs/libxfs/xfs_format.h).
import { FreeRanges, type FreeSpace, unknownFree } from "./free.ts";
import { type Reader, readExactly, viewOf } from "../storage/reader.ts";
import { isLogClean } from "./xfs-log.ts";

/** ftype, spinodes, meta_uuid, bigtime, nrext64, exchrange, parent, metadir; not: needsrepair, zoned. */
const INCOMPAT_KNOWN = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100;
const MAX_LEVELS = 9;

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
  { signal }: { readonly signal: AbortSignal },
): Promise<FreeSpace> {
  const bytes = await readExactly(reader, 0, 512);
  const fs = bytes === null ? "it has no superblock" : parseSuper(bytes, reader.sizeBytes);
  if (typeof fs === "string") return unknownFree(fs);
  if (!(await isLogClean(reader, fs.log, signal))) return unknownFree("its log is not replayed");
  const out = new FreeRanges();
  try {
    for (let ag = 0; ag < fs.agCount; ag += 1) {
      signal.throwIfAborted();
      const wrong = await readGroup(reader, { fs, ag, out, signal });
      if (wrong !== null) return unknownFree(`its allocation group ${ag} is damaged: ${wrong}`);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return unknownFree("its free space trees are damaged");
  }
  return { kind: "free", ranges: out.ranges() };
}

/** The superblock, or why it is not understood. All numbers are big-endian. */
function parseSuper(bytes: Uint8Array, sizeBytes: number): Super | string {
  const view = viewOf(bytes);
  if (view.getUint32(0) !== 0x58465342) return "it has no superblock";
  const blockBytes = view.getUint32(4);
  const blocks = Number(view.getBigUint64(8));
  const logStart = Number(view.getBigUint64(48));
  const agBlocks = view.getUint32(84);
  const agCount = view.getUint32(88);
  const logBlocks = view.getUint32(96);
  const version = view.getUint16(100) & 0xf;
  const sectorBytes = view.getUint16(102);
  const agBlockLog = view.getUint8(124);
  const inProgress = view.getUint8(126);
  const isPower = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;
  if (version !== 4 && version !== 5) return `its version ${version} is not known`;
  if (inProgress !== 0) return "it was never finished";
  if (!isPower(blockBytes) || blockBytes < 512 || blockBytes > 65_536) return "its block size is not valid";
  if (!isPower(sectorBytes) || sectorBytes < 512 || sectorBytes > 32_768)
    return "its sector size is not valid";
  if (version === 5 && (view.getUint32(216) & ~INCOMPAT_KNOWN) !== 0)
    return "it has features that are not known, or needs repair";
  if (!Number.isSafeInteger(blocks * blockBytes) || blocks * blockBytes > sizeBytes)
    return "it is larger than its volume";
  if (agBlocks < 64 || agBlockLog > 32 || agCount === 0) return "its allocation groups are not valid";
  if (agBlocks > 2 ** agBlockLog || Math.ceil(blocks / agBlocks) !== agCount)
    return "its allocation groups are not valid";
  if (logStart === 0) return "its log is on another disk";
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
  const agf = await readExactly(reader, base * fs.blockBytes + fs.sectorBytes, 512);
  if (agf === null) return "no free space header";
  const view = viewOf(agf);
  if (view.getUint32(0) !== 0x58414746 || view.getUint32(8) !== ag || view.getUint32(12) !== length)
    return "no free space header";
  const levels = view.getUint32(28);
  if (levels < 1 || levels > MAX_LEVELS) return `a tree of ${levels} levels`;
  const before = out.totalBytes;
  let block = view.getUint32(16);
  for (let level = levels - 1; level > 0; level -= 1) {
    const node = await readBlock(reader, { fs, base, length, block, level });
    if (node === null) return "a broken tree";
    const most = Math.floor((fs.blockBytes - headerBytes(fs)) / 12); // 8 bytes of key, 4 of pointer
    if (node.count > most || node.count === 0) return "a broken tree";
    block = node.view.getUint32(headerBytes(fs) + most * 8);
  }
  // All leaves are a list from left to right.
  let end = 0;
  for (let leaves = 0; block !== 0xffffffff; leaves += 1) {
    if (leaves > length) return "a tree in a circle";
    if (leaves % 64 === 0) signal.throwIfAborted();
    const leaf = await readBlock(reader, { fs, base, length, block, level: 0 });
    if (leaf === null || leaf.count > Math.floor((fs.blockBytes - headerBytes(fs)) / 8))
      return "a broken tree";
    for (let i = 0; i < leaf.count; i += 1) {
      const start = leaf.view.getUint32(headerBytes(fs) + 8 * i);
      const count = leaf.view.getUint32(headerBytes(fs) + 8 * i + 4);
      if (start < end || count === 0 || start + count > length) return "extents out of order";
      end = start + count;
      out.add((base + start) * fs.blockBytes, (base + end) * fs.blockBytes);
    }
    block = leaf.right;
  }
  return out.totalBytes - before === view.getUint32(52) * fs.blockBytes
    ? null
    : "the sum of its free blocks is wrong";
}

const headerBytes = (fs: Super): number => (fs.hasCrc ? 56 : 16);

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
  const view = viewOf(bytes);
  const magic = fs.hasCrc ? 0x41423342 : 0x41425442; // AB3B, ABTB
  if (view.getUint32(0) !== magic || view.getUint16(4) !== level) return null;
  return { view, count: view.getUint16(6), right: view.getUint32(12) };
}
