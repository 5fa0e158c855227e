// SPDX-License-Identifier: Apache-2.0
// The superblock of ext2, ext3 and ext4, as it lies on the disk (Linux, Documentation/filesystems/ext4/super.rst). Pure.
import { le, struct, type ValuesOf } from "./struct.ts";

/** Where it lies in the volume. */
export const EXT_SUPER = { start: 1024, end: 2048 } as const;

const MAGIC = 0xef53;

const SUPERBLOCK = struct({
  blocksLow: le.u32(4),
  firstBlock: le.u32(20),
  logBlockKib: le.u32(24),
  logClusterKib: le.u32(28),
  blocksPerGroup: le.u32(32),
  inodesPerGroup: le.u32(40),
  magic: le.u16(56),
  state: le.u16(58),
  revision: le.u32(76),
  inodeBytes: le.u16(88),
  compat: le.u32(92),
  incompat: le.u32(96),
  roCompat: le.u32(100),
  lastMounted: le.text(136, 64),
  reservedGdtBlocks: le.u16(206),
  /** Of a journal on another device; zero where it has its own. */
  journalUuid: le.raw(208, 16),
  journalInode: le.u32(224),
  firstOrphan: le.u32(232),
  descBytes: le.u16(254),
  firstMetaGroup: le.u32(260),
  blocksHigh: le.u32(336),
  backupGroup1: le.u32(588),
  backupGroup2: le.u32(592),
});

export type ExtSuperblock = ValuesOf<typeof SUPERBLOCK>;

export const EXT_STATE = { clean: 1, errors: 2, orphans: 4 } as const;
export const EXT_COMPAT = { hasJournal: 0x4, sparseSuper2: 0x200 } as const;
export const EXT_INCOMPAT = {
  filetype: 0x2,
  /** The journal holds transactions that are not in their places yet. */
  recover: 0x4,
  metaBg: 0x10,
  extents: 0x40,
  is64bit: 0x80,
  mmp: 0x100,
  flexBg: 0x200,
  eaInode: 0x400,
  dirdata: 0x1000,
  csumSeed: 0x2000,
  largedir: 0x4000,
  inlineData: 0x8000,
  encrypt: 0x10000,
  casefold: 0x20000,
} as const;
export const EXT_RO_COMPAT = {
  sparseSuper: 0x1,
  gdtCsum: 0x10,
  hasSnapshot: 0x80,
  bigalloc: 0x200,
  metadataCsum: 0x400,
} as const;

/** Of the bytes at EXT_SUPER; null: no such superblock. */
export function parseExtSuperblock(bytes: Uint8Array): ExtSuperblock | null {
  if (bytes.length < EXT_SUPER.end - EXT_SUPER.start) return null;
  const found = SUPERBLOCK.read(bytes);
  return found.magic === MAGIC ? found : null;
}
