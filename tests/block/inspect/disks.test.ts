// SPDX-License-Identifier: Apache-2.0
// The test disks are what they say: judged by sfdisk, fsck and the kernel.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { type DirtyDisk, dirtyExt4, dirtyXfs } from "../../support/disks/dirty-disks.ts";
import { type TestDisk, makeDisk } from "../../support/disks/disks.ts";

async function openPartition(disk: TestDisk, index: number, readOnly = true) {
  const partition = disk.partitions[index];
  assert.ok(partition);
  const { start, end } = partition;
  return attachLoop(disk.path, { offset: start, sizeBytes: end - start, readOnly });
}

type Sfdisk = {
  partitiontable: { label: string; partitions: { start: number; size: number; type: string }[] };
};

test("an MBR disk has primary and logical partitions where it says", async () => {
  await using disk = await makeDisk({
    table: "mbr",
    partitions: [
      { sizeMb: 16, fs: "ext4", bootable: true, stale: true, files: { "/etc/fstab": "x\n" } },
      { sizeMb: 8, fs: "swap", logical: true, uuid: "11111111-2222-3333-4444-555555555555" },
      { sizeMb: 4, fs: "ext2", logical: true },
    ],
  });
  const table = JSON.parse((await run(["sfdisk", "--json", disk.path])).stdout) as Sfdisk;
  assert.equal(table.partitiontable.label, "dos");
  const rows = table.partitiontable.partitions;
  assert.deepEqual(
    rows.map((row) => row.type),
    ["83", "5", "82", "83"],
  );
  assert.deepEqual(
    [rows[0], rows[2], rows[3]].map((row) => (row?.start ?? 0) * 512),
    disk.partitions.map((part) => part.start),
  );
  assert.deepEqual(
    disk.partitions.map((part) => part.number),
    [1, 5, 6],
  );
  await using ext4 = await openPartition(disk, 0);
  await run(["e2fsck", "-f", "-n", ext4.path]);
  await using swap = await openPartition(disk, 1);
  const { stdout } = await run(["blkid", "-p", "-o", "export", swap.path]);
  assert.match(stdout, /^UUID=11111111-2222-3333-4444-555555555555$/m);
});

test("a GPT disk carries files in each kind of file system", async () => {
  const files = { "/etc/hostname": "probe\n", "/a/b": { link: "../etc/hostname" } };
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 4, fs: "vfat", label: "ESP", files: { "/EFI/BOOT/BOOTX64.EFI": "MZ" } },
      { sizeMb: 32, fs: "xfs", files, label: "data" },
      { sizeMb: 128, fs: "btrfs", files },
      { sizeMb: 8, fs: "ext4", files },
      { sizeMb: 1, fs: "none", content: Buffer.from("raw") },
    ],
  });
  for (const [index, type] of [
    [1, "xfs"],
    [2, "btrfs"],
    [3, "ext4"],
  ] as const) {
    await using loop = await openPartition(disk, index, false);
    await using mounted = await mount(loop.path, join(disk.directory, type), { type, options: ["ro"] });
    assert.equal(await readFile(join(mounted.path, "a/b"), "utf8"), "probe\n", type);
  }
  const esp = disk.partitions[0];
  const { stdout } = await run(["mdir", "-b", "-/", "-i", `${disk.path}@@${esp?.start}`]);
  assert.match(stdout, /EFI\/BOOT\/BOOTX64\.EFI/);
});

test("a disk without a table is one file system", async () => {
  await using disk = await makeDisk({
    table: "none",
    partitions: [{ sizeMb: 8, fs: "ext4", label: "whole" }],
  });
  assert.match((await run(["blkid", "-p", disk.path])).stdout, /LABEL="whole"/);
});

for (const [fs, make, noReplay] of [
  ["ext4", dirtyExt4, "noload"],
  ["xfs", dirtyXfs, "norecovery"],
] as const) {
  test(`a dirty ${fs} disk shows its last files only after replay`, async () => {
    await using disk: DirtyDisk = await make();
    const names = Object.keys(disk.afterReplay);
    assert.equal(names.length, 20);
    await mkdir(join(disk.directory, "m"));
    for (const replayed of [false, true]) {
      await using loop = await openPartition(disk, 0, !replayed);
      await using mounted = await mount(loop.path, join(disk.directory, "m"), {
        type: fs,
        options: replayed ? [] : ["ro", noReplay],
      });
      for (const [name, content] of Object.entries(disk.afterReplay)) {
        const found = await readFile(join(mounted.path, name)).catch(() => null);
        assert.equal(found?.equals(content) ?? false, replayed, `${name}, replayed: ${replayed}`);
      }
    }
  });
}
