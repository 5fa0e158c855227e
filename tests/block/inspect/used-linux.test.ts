// SPDX-License-Identifier: Apache-2.0
// Used blocks of ext and XFS, of what is dirty, and of swap.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import {
  bytesOf,
  intersect,
  normalizeRanges,
  type Range,
  rangesOf,
  sumBytes,
} from "../../../src/core/index.ts";
import { run } from "../../../src/system/index.ts";
import { dirtyExt4, dirtyXfs } from "../../support/disks/dirty-disks.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { noise } from "../../support/disks/filesystems.ts";
import {
  usedMap,
  spoil,
  hashTree,
  age,
  onVolume,
  withMounted,
  partitionOf,
  readPartclone,
} from "../../support/disks/spoil.ts";

const MIB = 2 ** 20;

const EXT_KINDS: Readonly<
  Record<string, { fs: "ext2" | "ext3" | "ext4"; options: readonly string[]; mb?: number }>
> = {
  "ext4 as mkfs makes it": { fs: "ext4", options: [] },
  "ext4 of 4 KiB blocks": { fs: "ext4", options: ["-b", "4096"], mb: 200 },
  "ext4 of 1 KiB blocks in many groups": { fs: "ext4", options: ["-b", "1024", "-g", "1024"] },
  "ext4 without flex_bg": { fs: "ext4", options: ["-b", "1024", "-O", "^flex_bg"] },
  "ext4 with meta_bg": { fs: "ext4", options: ["-b", "1024", "-O", "meta_bg,^resize_inode", "-g", "512"] },
  "ext4 with meta_bg, 32 bit": {
    fs: "ext4",
    options: ["-b", "1024", "-O", "meta_bg,^resize_inode,^64bit", "-g", "256"],
  },
  "ext4 with bigalloc": { fs: "ext4", options: ["-b", "1024", "-O", "bigalloc", "-C", "16384"] },
  "ext4 with sparse_super2": { fs: "ext4", options: ["-b", "1024", "-O", "sparse_super2"] },
  "ext4 of old": {
    fs: "ext4",
    options: ["-b", "1024", "-O", "^64bit,^metadata_csum,uninit_bg,^has_journal"],
  },
  ext3: { fs: "ext3", options: ["-b", "2048"] },
  "ext2 with a backup in each group": {
    fs: "ext2",
    options: ["-b", "1024", "-O", "^sparse_super,^resize_inode"],
  },
};

for (const [name, { fs, options, mb = 96 }] of Object.entries(EXT_KINDS))
  test(`${name}: what is not sent is what dumpe2fs calls free, and nobody misses it`, async (t) => {
    await using disk = await makeDisk({
      table: "mbr",
      partitions: [{ sizeMb: mb, fs, mkfsOptions: ["-E", "lazy_itable_init=1,nodiscard", ...options] }],
    });
    const volume = partitionOf(disk);
    await withMounted(disk, { ...volume, type: fs, writable: true }, age);
    const { map, notes } = await usedMap(disk.path, t);
    assert.deepEqual(notes, []);
    const unused = rangesOf(map, "unused");
    const free = await onVolume(disk, volume, async (device) => readDumpe2fs(device, volume.start));
    assert.equal(
      sumBytes(intersect(unused, free)),
      sumBytes(unused),
      "unused bytes that dumpe2fs calls used",
    );
    // Only what a page cannot hold is lost by alignment.
    assert.ok(
      sumBytes(unused) >= sumBytes(free) - free.length * 8192,
      `${sumBytes(unused)} of ${sumBytes(free)}`,
    );
    const before = await withMounted(disk, { ...volume, type: fs }, hashTree);
    assert.equal(Object.keys(before).length, 120);
    await spoil(disk.path, map);
    await onVolume(disk, volume, (device) => run(["e2fsck", "-f", "-n", device]));
    assert.deepEqual(await withMounted(disk, { ...volume, type: fs }, hashTree), before);
    // Each backup of the superblock must still serve.
    await onVolume(disk, volume, (device) => checkBackups(device));
  });

/** Free bytes of the disk, from the lines `Free blocks: 4610-8192, 9000`. */
async function readDumpe2fs(device: string, offset: number): Promise<readonly Range[]> {
  const { stdout } = await run(["dumpe2fs", device], { maxOutputBytes: 64 * MIB });
  const blockBytes = Number(/^Block size:\s+(\d+)/m.exec(stdout)?.[1]);
  // With bigalloc it prints the first block of the last cluster.
  const clusterBytes = Number(/^Cluster size:\s+(\d+)/m.exec(stdout)?.[1] ?? blockBytes);
  const ranges: Range[] = [];
  for (const line of stdout.matchAll(/^ {2}Free blocks: (.+)$/gm))
    for (const part of (line[1] ?? "").split(", ")) {
      const [first, last] = part.split("-").map(Number);
      const start = offset + (first ?? 0) * blockBytes;
      ranges.push({ start, end: offset + (last ?? first ?? 0) * blockBytes + clusterBytes });
    }
  return normalizeRanges(ranges);
}

async function checkBackups(device: string): Promise<void> {
  const { stdout } = await run(["dumpe2fs", device], { maxOutputBytes: 64 * MIB });
  const blockBytes = /^Block size:\s+(\d+)/m.exec(stdout)?.[1] ?? "";
  const backups = [...stdout.matchAll(/Backup superblock at (\d+)/g)].map((match) => match[1] ?? "");
  for (const backup of backups)
    await run(["dumpe2fs", "-h", "-o", `superblock=${backup}`, "-o", `blocksize=${blockBytes}`, device]);
}

for (const [name, options] of Object.entries({
  xfs: [],
  "xfs of 1 KiB blocks": ["-b", "size=1024", "-d", "agcount=4"],
  "xfs with rmap and 4 KiB sectors": ["-m", "rmapbt=1", "-s", "size=4096"],
}))
  test(`${name}: xfs_repair finds nothing missing without the unused bytes`, async (t) => {
    await using disk = await makeDisk({
      table: "gpt",
      partitions: [{ sizeMb: 320, fs: "xfs", mkfsOptions: options }],
    });
    const volume = partitionOf(disk);
    await withMounted(disk, { ...volume, type: "xfs", writable: true }, age);
    const { map, notes } = await usedMap(disk.path, t);
    assert.deepEqual(notes, []);
    const before = await withMounted(disk, { ...volume, type: "xfs" }, hashTree);
    assert.equal(Object.keys(before).length, 120);
    assert.ok(bytesOf(map, "data") < 120 * MIB, `${bytesOf(map, "data")} bytes to send`);
    const unused = rangesOf(map, "unused");
    const partclone = await onVolume(disk, volume, (device) =>
      readPartclone("partclone.xfs", device, { disk, volume }),
    );
    assert.equal(sumBytes(intersect(unused, partclone)), 0, "unused bytes that partclone calls used");
    await spoil(disk.path, map);
    await onVolume(disk, volume, (device) => run(["xfs_repair", "-n", device], { timeoutMs: 120_000 }));
    assert.deepEqual(await withMounted(disk, { ...volume, type: "xfs" }, hashTree), before);
  });

// Kernels no longer mount it, but old servers have it: content by mkfs, judged by xfs_repair.
test("xfs of version 4: xfs_repair finds nothing missing without the unused bytes", async (t) => {
  const files = { "/a/one": noise("one", 5 * MIB), "/a/two": noise("two", 70_000) };
  const options = ["-m", "crc=0", "-n", "ftype=0"];
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [{ sizeMb: 320, fs: "xfs", files, mkfsOptions: options }],
  });
  const { map, notes } = await usedMap(disk.path, t);
  assert.deepEqual(notes, []);
  assert.ok(bytesOf(map, "data") < 100 * MIB, `${bytesOf(map, "data")} bytes to send`);
  await spoil(disk.path, map);
  const volume = partitionOf(disk);
  await onVolume(disk, volume, (device) => run(["xfs_repair", "-n", device], { timeoutMs: 120_000 }));
  const found = await readFile(disk.path);
  for (const content of Object.values(files)) assert.ok(found.includes(content), "a file's bytes are gone");
});

/** Bytes of the disk that partclone would copy. */

for (const [type, make, why] of [
  ["ext4", dirtyExt4, /its journal is not replayed/],
  ["xfs", dirtyXfs, /its log is not replayed/],
] as const)
  test(`a dirty ${type} is copied whole until its journal was replayed`, async (t) => {
    await using disk = await make();
    const volume = partitionOf(disk);
    const dirty = await usedMap(disk.path, t);
    assert.equal(bytesOf(dirty.map, "unused"), 0);
    assert.match(dirty.notes.join(), why);
    await withMounted(disk, { ...volume, type, writable: true }, async () => undefined);
    const clean = await usedMap(disk.path, t);
    assert.deepEqual(clean.notes, []);
    assert.ok(bytesOf(clean.map, "unused") > 0);
  });

test("swap keeps its header, tables and gaps and unknown partitions are data", async (t) => {
  await using disk = await makeDisk({
    table: "mbr",
    partitions: [
      { sizeMb: 4, fs: "none", content: Buffer.from("something else") },
      { sizeMb: 16, fs: "swap", uuid: "11111111-2222-3333-4444-555555555555", logical: true },
      { sizeMb: 1, fs: "none", logical: true },
    ],
  });
  const swap = partitionOf(disk, 1);
  const { map } = await usedMap(disk.path, t);
  assert.deepEqual(rangesOf(map, "unused"), [{ start: swap.start + 65_536, end: swap.end }]);
  await spoil(disk.path, map);
  const uuid = await onVolume(disk, swap, (device) =>
    run(["blkid", "-p", "-s", "UUID", "-o", "value", device]),
  );
  assert.equal(uuid.stdout.trim(), "11111111-2222-3333-4444-555555555555");
});
