// SPDX-License-Identifier: Apache-2.0
// The smallest volumes that say what is free in them, made by hand, independent of the parsers.

export type Sample = { readonly bytes: Buffer; readonly freeBytes: number };

/** ext4: one group of 64 blocks of 1 KiB, of which 20 are in use. */
export function extImage(): Sample {
  const bytes = Buffer.alloc(65 * 1024);
  const at = 1024;
  bytes.writeUInt32LE(16, at); // inodes
  bytes.writeUInt32LE(65, at + 4); // blocks
  bytes.writeUInt32LE(1, at + 20); // first data block
  bytes.writeUInt32LE(0, at + 24); // 1 KiB
  bytes.writeUInt32LE(8192, at + 32); // blocks per group
  bytes.writeUInt32LE(16, at + 40); // inodes per group
  bytes.writeUInt16LE(0xef53, at + 56);
  bytes.writeUInt16LE(1, at + 58); // clean
  bytes.writeUInt32LE(1, at + 76); // with the fields below
  bytes.writeUInt16LE(128, at + 88); // inode size
  bytes.writeUInt32LE(0x42, at + 96); // filetype, extents
  bytes.writeUInt32LE(1, at + 100); // sparse_super
  const desc = 2048;
  bytes.writeUInt32LE(3, desc); // block bitmap
  bytes.writeUInt32LE(4, desc + 4); // inode bitmap
  bytes.writeUInt32LE(5, desc + 8); // inode table: 2 blocks
  bytes.writeUInt16LE(44, desc + 12); // free blocks
  bytes.fill(0xff, 3072, 4096);
  bytes.fill(0, 3072 + 1, 3072 + 4); // blocks 9 to 32
  bytes.fill(0, 3072 + 5, 3072 + 7); // blocks 41 to 56
  bytes.writeUInt8(0xf0, 3072 + 7); // blocks 57 to 60
  return { bytes, freeBytes: 44 * 1024 };
}

/** XFS of version 5: one allocation group of 64 blocks of 1 KiB, unmounted. */
export function xfsImage(): Sample {
  const bytes = Buffer.alloc(64 * 1024);
  bytes.writeUInt32BE(0x58465342, 0);
  bytes.writeUInt32BE(1024, 4);
  bytes.writeBigUInt64BE(64n, 8);
  bytes.writeBigUInt64BE(16n, 48); // log
  bytes.writeUInt32BE(64, 84);
  bytes.writeUInt32BE(1, 88);
  bytes.writeUInt32BE(16, 96);
  bytes.writeUInt16BE(5, 100);
  bytes.writeUInt16BE(512, 102);
  bytes.writeUInt8(6, 124);
  bytes.write("XAGF", 512);
  bytes.writeUInt32BE(64, 512 + 12);
  bytes.writeUInt32BE(2, 512 + 16); // root of the tree
  bytes.writeUInt32BE(2, 512 + 28); // two levels
  bytes.writeUInt32BE(27, 512 + 52);
  const block = (
    at: number,
    level: number,
    right: number,
    records: readonly (readonly [number, number])[],
  ): void => {
    bytes.write("AB3B", at * 1024);
    bytes.writeUInt16BE(level, at * 1024 + 4);
    bytes.writeUInt16BE(records.length, at * 1024 + 6);
    bytes.writeUInt32BE(0xffffffff, at * 1024 + 8);
    bytes.writeUInt32BE(right, at * 1024 + 12);
    for (const [index, [start, count]] of records.entries()) {
      bytes.writeUInt32BE(start, at * 1024 + 56 + 8 * index);
      bytes.writeUInt32BE(count, at * 1024 + 60 + 8 * index);
    }
  };
  block(2, 1, 0xffffffff, [
    [7, 2],
    [40, 5],
  ]);
  const most = Math.floor((1024 - 56) / 12);
  for (const [index, child] of [3, 4].entries()) bytes.writeUInt32BE(child, 2048 + 56 + most * 8 + 4 * index);
  block(3, 0, 4, [
    [7, 2],
    [32, 4],
  ]);
  block(4, 0, 0xffffffff, [
    [40, 5],
    [48, 16],
  ]);
  const log = 16 * 1024;
  bytes.writeUInt32BE(0xfeedbabe, log);
  bytes.writeUInt32BE(1, log + 4); // cycle
  bytes.writeUInt32BE(2, log + 8); // version
  bytes.writeUInt32BE(512, log + 12); // length
  bytes.writeUInt32BE(1, log + 40); // operations
  bytes.writeUInt32BE(32_768, log + 320);
  bytes.writeUInt32BE(1, log + 512); // cycle, in place of the operation's first bytes
  bytes.writeUInt8(0x20, log + 512 + 9); // unmount
  // Two of the 27 free blocks are less than a page, and not worth a gap.
  return { bytes, freeBytes: 25 * 1024 };
}

/** FAT16 (as Linux sees it, by the number of clusters): 5000 clusters of 512 bytes, one file of three. */
export function fatImage(): Sample {
  const bytes = Buffer.alloc(5100 * 512);
  bytes.writeUInt16LE(512, 11);
  bytes.writeUInt8(1, 13); // sectors per cluster
  bytes.writeUInt16LE(1, 14); // reserved
  bytes.writeUInt8(2, 16); // tables
  bytes.writeUInt16LE(512, 17); // root entries: 32 sectors
  bytes.writeUInt16LE(1 + 40 + 32 + 5000, 19);
  bytes.writeUInt16LE(20, 22); // sectors of a table
  for (const table of [512, 21 * 512])
    for (const [cluster, value] of [
      [0, 0xfff8],
      [1, 0xffff],
      [100, 101],
      [101, 300],
      [300, 0xffff],
    ] as const)
      bytes.writeUInt16LE(value, table + 2 * cluster);
  return { bytes, freeBytes: (5000 - 3) * 512 };
}

/** btrfs: a device of 4 MiB with a system chunk of 64 KiB twice and a data chunk of 1 MiB; its tree is one leaf. */
export function btrfsImage(): Sample {
  const bytes = Buffer.alloc(4 * 2 ** 20);
  const at = 65_536;
  const logical = 2 ** 24;
  const chunk = (to: number, start: number, length: number, stripes: readonly number[]): number => {
    bytes.writeBigUInt64LE(256n, to);
    bytes.writeUInt8(228, to + 8);
    bytes.writeBigUInt64LE(BigInt(start), to + 9);
    writeChunk(to + 17, length, stripes);
    return 17 + 48 + 32 * stripes.length;
  };
  const writeChunk = (to: number, length: number, stripes: readonly number[]): void => {
    bytes.writeBigUInt64LE(BigInt(length), to);
    bytes.writeBigUInt64LE(stripes.length > 1 ? 0x22n : 1n, to + 24); // system, DUP; data, single
    bytes.writeUInt16LE(stripes.length, to + 44);
    bytes.writeUInt16LE(1, to + 46);
    for (const [index, place] of stripes.entries()) {
      bytes.writeBigUInt64LE(1n, to + 48 + 32 * index);
      bytes.writeBigUInt64LE(BigInt(place), to + 56 + 32 * index);
    }
  };
  const system = [2 ** 20, 2 ** 20 + 65_536];
  bytes.writeBigUInt64LE(BigInt(at), at + 48);
  bytes.write("_BHRfS_M", at + 64);
  bytes.writeBigUInt64LE(BigInt(logical), at + 88); // chunk root
  bytes.writeUInt32LE(4096, at + 148);
  bytes.writeUInt32LE(chunk(at + 811, logical, 65_536, system), at + 160);
  bytes.writeBigUInt64LE(7n, at + 164); // generation of the chunk root
  bytes.writeBigUInt64LE(1n, at + 201); // device
  bytes.writeBigUInt64LE(BigInt(bytes.length), at + 209);
  bytes.writeBigUInt64LE(BigInt(2 ** 20 + 2 * 65_536), at + 217);
  for (const node of system) {
    bytes.writeBigUInt64LE(BigInt(logical), node + 48);
    bytes.writeBigUInt64LE(7n, node + 80);
    bytes.writeBigUInt64LE(3n, node + 88); // owner: the chunk tree
    bytes.writeUInt32LE(2, node + 96);
    for (const [index, [start, length, stripes]] of (
      [
        [logical, 65_536, system],
        [2 * logical, 2 ** 20, [2 ** 21]],
      ] as const
    ).entries()) {
      const key = node + 101 + 25 * index;
      bytes.writeUInt8(228, key + 8);
      bytes.writeBigUInt64LE(BigInt(start), key + 9);
      bytes.writeUInt32LE(1000 + 200 * index, key + 17);
      writeChunk(node + 101 + 1000 + 200 * index, length, stripes);
    }
  }
  return { bytes, freeBytes: 4 * 2 ** 20 - 2 ** 20 - 2 * 65_536 - 2 ** 20 };
}

/** A volume group on two disks: linear in three segments, striped, mirrored, and a snapshot's origin. */
export const vgText = `
contents = "Text Format Volume Group"
version = 1
vg0 {
  id = "L1fBpt-cr9S-3Ptr-KiSL-SPDM-naRW-v4y4xE"
  seqno = 4
  format = "lvm2"	# informational
  status = ["RESIZEABLE", "READ", "WRITE"]
  flags = []
  extent_size = 8192		# 4 Megabytes
  physical_volumes {
    pv0 { id = "yatana-d2Iv-bWnb-p1n7-dg5W-Elim-09mAkS" device = "/dev/loop0" pe_start = 2048 pe_count = 30 }
    pv1 { id = "oP28EO-iwtS-bYot-LPho-qwp9-0aH4-06ZeA3" device = "/dev/loop1" pe_start = 2048 pe_count = 30 }
  }
  logical_volumes {
    root {
      id = "gdcf6a-iCvO-wPkC-8J4Y-nV0M-VWOA-J1KzMz" status = ["READ", "WRITE", "VISIBLE"] segment_count = 3
      segment1 { start_extent = 0 extent_count = 6 type = "striped" stripe_count = 1 stripes = [ "pv0", 0 ] }
      segment2 { start_extent = 6 extent_count = 7 type = "striped" stripe_count = 1 stripes = [ "pv0", 8 ] }
      segment3 { start_extent = 13 extent_count = 3 type = "striped" stripe_count = 1 stripes = [ "pv1", 2 ] }
    }
    str {
      id = "EFTba9-DI2Y-cfJk-b2yX-G6V5-YOCY-m3RprG" status = ["READ", "WRITE", "VISIBLE"]
      segment1 { start_extent = 0 extent_count = 4 type = "striped" stripe_count = 2 stripe_size = 128
        stripes = [ "pv0", 6, "pv1", 0 ] }
    }
    mir {
      id = "mirror" status = ["READ", "WRITE", "VISIBLE"]
      segment1 { start_extent = 0 extent_count = 2 type = "raid1" device_count = 2
        raids = [ "mir_rmeta_0", "mir_rimage_0", "mir_rmeta_1", "mir_rimage_1" ] }
    }
    mir_rmeta_0 { id = "m0" status = ["READ"] segment1 { start_extent = 0 extent_count = 1 type = "striped" stripe_count = 1 stripes = ["pv0", 16] } }
    mir_rimage_0 { id = "i0" status = ["READ"] segment1 { start_extent = 0 extent_count = 2 type = "striped" stripe_count = 1 stripes = ["pv0", 17] } }
    mir_rmeta_1 { id = "m1" status = ["READ"] segment1 { start_extent = 0 extent_count = 1 type = "striped" stripe_count = 1 stripes = ["pv1", 16] } }
    mir_rimage_1 { id = "i1" status = ["READ"] segment1 { start_extent = 0 extent_count = 2 type = "striped" stripe_count = 1 stripes = ["pv1", 17] } }
    base {
      id = "base" status = ["READ", "WRITE", "VISIBLE"]
      segment1 { start_extent = 0 extent_count = 1 type = "striped" stripe_count = 1 stripes = ["pv1", 20] }
    }
    snap {
      id = "snap" status = ["READ", "WRITE", "VISIBLE"]
      segment1 { start_extent = 0 extent_count = 1 type = "striped" stripe_count = 1 stripes = ["pv1", 21] }
    }
    snapshot0 {
      id = "snapshot0" status = ["READ", "WRITE"]
      segment1 { start_extent = 0 extent_count = 1 type = "snapshot" chunk_size = 8 origin = "base" cow_store = "snap" }
    }
  }
}
`;
