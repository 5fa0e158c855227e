// SPDX-License-Identifier: Apache-2.0
// The superblock of XFS, as it lies at the start of the volume (Linux, fs/xfs/libxfs/xfs_format.h: xfs_dsb). Pure.
import { be, struct } from "./struct.ts";

export const XFS_SUPERBLOCK = struct({
  magic: be.u32(0),
  blockBytes: be.u32(4),
  blocks: be.count64(8),
  /** Of the realtime device; 0: it has none. */
  realtimeBlocks: be.u64(16),
  uuid: be.raw(32, 16),
  /** 0: the log lies on another device. */
  logStart: be.count64(48),
  agBlocks: be.u32(84),
  agCount: be.u32(88),
  logBlocks: be.u32(96),
  /** The low four bits. */
  version: be.u16(100),
  sectorBytes: be.u16(102),
  agBlockLog: be.u8(124),
  inProgress: be.u8(126),
  /** From version 5 on. */
  incompat: be.u32(216),
});
/** XFSB */
export const XFS_MAGIC = 0x58465342;
