// SPDX-License-Identifier: Apache-2.0
// How an ext2, ext3 or ext4 is laid out, by its superblock (Linux, Documentation/filesystems/ext4). Pure.
import {
  EXT_COMPAT,
  EXT_INCOMPAT,
  EXT_RO_COMPAT,
  EXT_STATE,
  type ExtSuperblock,
  parseExtSuperblock,
} from "../../core/index.ts";

const INCOMPAT_KNOWN = Object.values(EXT_INCOMPAT).reduce((all, feature) => all | feature, 0);

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

/** Of the bytes of EXT_SUPER: how the file system is laid out, or why that is not understood. `isMounted`: its state says nothing. */
export function parseExtSuper(
  bytes: Uint8Array,
  sizeBytes: number,
  { isMounted = false } = {},
): ExtSuper | string {
  const found = parseExtSuperblock(bytes);
  if (found === null) return "it has no superblock";
  return whyUnknown(found) ?? (isMounted ? null : whyUnusable(found)) ?? layoutOf(found, sizeBytes);
}

const whyUnknown = ({ incompat, roCompat }: ExtSuperblock): string | null =>
  (incompat & ~INCOMPAT_KNOWN) !== 0 || (roCompat & EXT_RO_COMPAT.hasSnapshot) !== 0
    ? "it has features that are not known"
    : null;

/** What of its state forbids to believe its bitmaps. */
function whyUnusable({ compat, incompat, state }: ExtSuperblock): string | null {
  if ((incompat & EXT_INCOMPAT.recover) !== 0) return "its journal is not replayed";
  if ((state & EXT_STATE.errors) !== 0) return "it is marked as damaged";
  if ((state & EXT_STATE.clean) === 0 && (compat & EXT_COMPAT.hasJournal) === 0)
    return "it was not unmounted";
  return null;
}

function layoutOf(found: ExtSuperblock, sizeBytes: number): ExtSuper | string {
  const { compat, incompat, roCompat, logBlockKib, firstBlock, blocksPerGroup, inodesPerGroup } = found;
  const is64 = (incompat & EXT_INCOMPAT.is64bit) !== 0;
  const logCluster = (roCompat & EXT_RO_COMPAT.bigalloc) === 0 ? logBlockKib : found.logClusterKib;
  if (logBlockKib > 6 || logCluster < logBlockKib || logCluster > 20) return "its block size is not known";
  const blockBytes = 1024 << logBlockKib;
  const clusterBlocks = 1 << (logCluster - logBlockKib);
  const blocks = found.blocksLow + (is64 ? found.blocksHigh * 2 ** 32 : 0);
  const inodeBytes = found.revision === 0 ? 128 : found.inodeBytes;
  const descBytes = is64 ? found.descBytes : 32;
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
    reservedGdtBlocks: found.reservedGdtBlocks,
    firstMetaGroup: (incompat & EXT_INCOMPAT.metaBg) === 0 ? null : found.firstMetaGroup,
    backupGroups:
      (compat & EXT_COMPAT.sparseSuper2) !== 0
        ? new Set([0, found.backupGroup1, found.backupGroup2])
        : (roCompat & EXT_RO_COMPAT.sparseSuper) !== 0
          ? "sparse"
          : "all",
    mayBeUninit: (roCompat & (EXT_RO_COMPAT.gdtCsum | EXT_RO_COMPAT.metadataCsum)) !== 0,
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
