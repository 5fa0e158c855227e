// SPDX-License-Identifier: Apache-2.0
// The superblock of ext2, ext3 and ext4, and where its layout puts things (Documentation/filesystems/ext4).
import { viewOf } from "./reader.ts";

const COMPAT_SPARSE_SUPER2 = 0x200;
const INCOMPAT_RECOVER = 0x4;
const INCOMPAT_META_BG = 0x10;
const INCOMPAT_64BIT = 0x80;
/** filetype, recover, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode, dirdata, csum_seed, largedir, inline_data, encrypt, casefold */
const INCOMPAT_KNOWN =
  0x2 |
  0x4 |
  0x10 |
  0x40 |
  0x80 |
  0x100 |
  0x200 |
  0x400 |
  0x1000 |
  0x2000 |
  0x4000 |
  0x8000 |
  0x10000 |
  0x20000;
const RO_COMPAT_SPARSE_SUPER = 0x1;
const RO_COMPAT_GDT_CSUM = 0x10;
const RO_COMPAT_HAS_SNAPSHOT = 0x80;
const RO_COMPAT_BIGALLOC = 0x200;
const RO_COMPAT_METADATA_CSUM = 0x400;
const STATE_CLEAN = 1;
const STATE_ERRORS = 2;
const COMPAT_HAS_JOURNAL = 0x4;

export type ExtSuper = {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly firstBlock: number;
  readonly blocksPerGroup: number;
  readonly clusterBlocks: number;
  readonly groups: number;
  readonly descBytes: number;
  readonly inodeTableBlocks: number;
  readonly reservedGdtBlocks: number;
  readonly firstMetaGroup: number | null;
  readonly backupGroups: ReadonlySet<number> | "sparse" | "all";
  readonly mayBeUninit: boolean;
};

/** The superblock, or why it is not understood. */
export function parseExtSuper(bytes: Uint8Array, sizeBytes: number): ExtSuper | string {
  const view = viewOf(bytes);
  const u32 = (at: number): number => view.getUint32(at, true);
  if (view.getUint16(56, true) !== 0xef53) return "it has no superblock";
  const compat = u32(92);
  const incompat = u32(96);
  const roCompat = u32(100);
  if ((incompat & ~INCOMPAT_KNOWN) !== 0 || (roCompat & RO_COMPAT_HAS_SNAPSHOT) !== 0)
    return "it has features that are not known";
  if ((incompat & INCOMPAT_RECOVER) !== 0) return "its journal is not replayed";
  const state = view.getUint16(58, true);
  if ((state & STATE_ERRORS) !== 0) return "it is marked as damaged";
  if ((state & STATE_CLEAN) === 0 && (compat & COMPAT_HAS_JOURNAL) === 0) return "it was not unmounted";
  const is64 = (incompat & INCOMPAT_64BIT) !== 0;
  const logBlock = u32(24);
  const logCluster = (roCompat & RO_COMPAT_BIGALLOC) === 0 ? logBlock : u32(28);
  if (logBlock > 6 || logCluster < logBlock || logCluster > 20) return "its block size is not known";
  const blockBytes = 1024 << logBlock;
  const clusterBlocks = 1 << (logCluster - logBlock);
  const blocks = u32(4) + (is64 ? u32(336) * 2 ** 32 : 0);
  const firstBlock = u32(20);
  const blocksPerGroup = u32(32);
  const inodesPerGroup = u32(40);
  const inodeBytes = u32(76) === 0 ? 128 : view.getUint16(88, true);
  const descBytes = is64 ? view.getUint16(254, true) : 32;
  // A bitmap is one block: it bounds the clusters of a group, and so the groups that there can be.
  if (
    blocksPerGroup === 0 ||
    blocksPerGroup % clusterBlocks !== 0 ||
    blocksPerGroup / clusterBlocks > 8 * blockBytes
  )
    return "its groups are not valid";
  if (descBytes < 32 || descBytes > 1024 || blockBytes % descBytes !== 0)
    return "its group descriptors are not valid";
  if (inodesPerGroup > 8 * blockBytes || inodeBytes < 128 || inodeBytes > blockBytes)
    return "its inodes are not valid";
  if (blocks * blockBytes > sizeBytes) return "it is larger than its volume";
  if (firstBlock > 1 || blocks <= firstBlock) return "its size is not valid";
  const groups = Math.ceil((blocks - firstBlock) / blocksPerGroup);
  if (groups > 2 ** 20) return "it has too many groups";
  return {
    blockBytes,
    blocks,
    firstBlock,
    blocksPerGroup,
    clusterBlocks,
    groups,
    descBytes,
    inodeTableBlocks: Math.ceil((inodesPerGroup * inodeBytes) / blockBytes),
    reservedGdtBlocks: view.getUint16(206, true),
    firstMetaGroup: (incompat & INCOMPAT_META_BG) === 0 ? null : u32(260),
    backupGroups:
      (compat & COMPAT_SPARSE_SUPER2) !== 0
        ? new Set([0, u32(588), u32(592)])
        : (roCompat & RO_COMPAT_SPARSE_SUPER) !== 0
          ? "sparse"
          : "all",
    mayBeUninit: (roCompat & (RO_COMPAT_GDT_CSUM | RO_COMPAT_METADATA_CSUM)) !== 0,
  };
}

/** Block of the `index`th block of group descriptors. */
export function descBlockAt(fs: ExtSuper, index: number): number {
  if (fs.firstMetaGroup === null || index < fs.firstMetaGroup)
    return fs.firstBlock + 1 + index + (fs.firstBlock === 0 && fs.blockBytes === 1024 ? 1 : 0);
  const group = index * (fs.blockBytes / fs.descBytes);
  return fs.firstBlock + group * fs.blocksPerGroup + (hasBackup(fs, group) ? 1 : 0);
}

/** Does this group keep a copy of the superblock? */
export function hasBackup(fs: ExtSuper, group: number): boolean {
  if (fs.backupGroups === "all" || group <= (fs.backupGroups === "sparse" ? 1 : 0)) return true;
  if (fs.backupGroups !== "sparse") return fs.backupGroups.has(group);
  return [3, 5, 7].some((base) => {
    let power = base;
    while (power < group) power *= base;
    return power === group;
  });
}
