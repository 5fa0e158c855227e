// SPDX-License-Identifier: Apache-2.0
// Used blocks of FAT, NTFS and btrfs.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf, intersect, rangesOf } from "../../../src/core/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
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

for (const [bits, sizeMb] of [
  ["12", 8],
  ["16", 64],
  ["32", 80],
] as const)
  test(`vfat with a table of ${bits} bits: fsck.vfat finds nothing missing without the unused bytes`, async (t) => {
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 60; i += 1) files[`/dir/file-${i}`] = noise(`fat ${i}`, 300 + i * 1111);
    await using disk = await makeDisk({
      table: "gpt",
      partitions: [{ sizeMb, fs: "vfat", files, stale: true, mkfsOptions: ["-F", bits] }],
    });
    const volume = partitionOf(disk);
    const place = `${disk.path}@@${volume.start}`;
    for (let i = 0; i < 60; i += 2) await run(["mdel", "-i", place, `::/dir/file-${i}`]);
    const { map, notes } = await usedMap(disk.path, t);
    assert.deepEqual(notes, []);
    assert.ok(bytesOf(map, "data") < 6 * MIB, `${bytesOf(map, "data")} bytes to send`);
    // partclone's map of FAT12 is wrong in its second half: fsck.vfat and the files below are the judges there.
    if (bits !== "12") {
      const partclone = await onVolume(disk, volume, (device) =>
        readPartclone("partclone.vfat", device, { disk, volume }),
      );
      const both = intersect(rangesOf(map, "unused"), partclone);
      assert.deepEqual(both, [], "unused bytes that partclone calls used");
    }
    await spoil(disk.path, map);
    await onVolume(disk, volume, (device) => run(["fsck.vfat", "-n", device]));
    for (let i = 1; i < 60; i += 2) {
      const { stdoutBytes } = await run(["mtype", "-i", place, `::/dir/file-${i}`]);
      assert.ok(stdoutBytes.equals(files[`/dir/file-${i}`] ?? Buffer.alloc(0)), `file-${i}`);
    }
  });

const hasNtfs =
  (await run(["sh", "-c", "command -v mkntfs ntfscp ntfscat ntfsfix"], { allowCodes: [1, 127] })).code === 0;

test("ntfs: no file misses the unused bytes, and a dirty one is copied whole", {
  skip: hasNtfs ? false : "ntfs-3g is not installed",
}, async (t) => {
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [{ sizeMb: 64, fs: "none", type: "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7" }],
  });
  const volume = { ...partitionOf(disk), writable: true };
  const content = (i: number): Buffer => noise(`ntfs ${i}`, i * 9000);
  await onVolume(disk, volume, async (device) => {
    await run(["mkntfs", "-Q", "-F", "-q", device]);
    for (let i = 1; i <= 40; i += 1) {
      const path = join(disk.directory, "file");
      await writeFile(path, content(i));
      await run(["ntfscp", "-q", device, path, `file-${i}`]);
    }
  });
  const { map, notes } = await usedMap(disk.path, t);
  assert.deepEqual(notes, []);
  assert.ok(bytesOf(map, "data") < 20 * MIB, `${bytesOf(map, "data")} bytes to send`);
  await spoil(disk.path, map);
  await onVolume(disk, volume, async (device) => {
    await run(["ntfsfix", "--no-action", device]);
    for (let i = 1; i <= 40; i += 1) {
      const { stdoutBytes } = await run(["ntfscat", device, `file-${i}`]);
      assert.ok(stdoutBytes.equals(content(i)), `file-${i}`);
    }
    await run(["ntfsfix", device]); // marks it to be checked
  });
  const dirty = await usedMap(disk.path, t);
  assert.equal(bytesOf(dirty.map, "unused"), 0);
  assert.match(dirty.notes.join(), /scheduled for a check/);
});

test("btrfs: scrub and check find nothing missing without the unused bytes", async (t) => {
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [{ sizeMb: 600, fs: "btrfs", mkfsOptions: ["-m", "dup"] }],
  });
  const volume = partitionOf(disk);
  await withMounted(disk, { ...volume, type: "btrfs", writable: true }, age);
  const before = await withMounted(disk, { ...volume, type: "btrfs" }, hashTree);
  const { map, notes } = await usedMap(disk.path, t);
  assert.deepEqual(notes, []);
  const unused = bytesOf(map, "unused");
  assert.ok(unused > 200 * MIB, `only ${unused} bytes unused`);
  await spoil(disk.path, map);
  await onVolume(disk, volume, async (device) => {
    await run(["btrfs", "check", "--readonly", device]);
    for (const copy of ["1"]) await run(["btrfs", "inspect-internal", "dump-super", "-s", copy, device]);
  });
  await withMounted(disk, { ...volume, type: "btrfs", writable: true }, (directory) => scrub(directory));
  assert.deepEqual(await withMounted(disk, { ...volume, type: "btrfs" }, hashTree), before);
});

async function scrub(directory: string): Promise<void> {
  const { stdout } = await run(["btrfs", "scrub", "start", "-B", "-r", directory], { allowCodes: [3] });
  assert.match(stdout, /no errors found/);
}

for (const [name, profiles] of Object.entries({
  RAID1: ["-d", "raid1", "-m", "raid1"],
  "RAID0 with mirrored metadata": ["-d", "raid0", "-m", "raid1"],
}))
  test(`btrfs over two disks, ${name}: nothing is missing without the unused bytes`, async (t) => {
    await using one = await makeDisk({ table: "none", partitions: [], sizeMb: 500 });
    await using two = await makeDisk({ table: "none", partitions: [], sizeMb: 700 });
    const disks = [one, two];
    const onBoth = async (act: (devices: readonly string[]) => Promise<void>): Promise<void> => {
      await using first = await attachLoop(one.path, {
        offset: 0,
        sizeBytes: one.sizeBytes,
        readOnly: false,
      });
      await using second = await attachLoop(two.path, {
        offset: 0,
        sizeBytes: two.sizeBytes,
        readOnly: false,
      });
      await act([first.path, second.path]);
      await run(["btrfs", "device", "scan", "--forget", first.path], { allowCodes: [1] });
      await run(["btrfs", "device", "scan", "--forget", second.path], { allowCodes: [1] });
    };
    const mounted = async (
      devices: readonly string[],
      use: (directory: string) => Promise<void>,
    ): Promise<void> => {
      const options = devices.map((device) => `device=${device}`);
      await using tree = await mount(devices[0] ?? "", join(one.directory, "p2v-m"), {
        type: "btrfs",
        options,
      });
      await use(tree.path);
    };
    let before: Record<string, string> = {};
    await onBoth(async (devices) => {
      await run(["mkfs.btrfs", "-q", "-f", "-K", ...profiles, ...devices]);
      await mounted(devices, age);
      await mounted(devices, async (directory) => {
        before = await hashTree(directory);
      });
    });
    assert.equal(Object.keys(before).length, 120);
    for (const disk of disks) {
      const { map, notes } = await usedMap(disk.path, t);
      assert.deepEqual(notes, []);
      assert.ok(bytesOf(map, "unused") > 100 * MIB);
      await spoil(disk.path, map);
    }
    await onBoth(async (devices) => {
      await run(["btrfs", "check", "--readonly", devices[0] ?? ""]);
      await mounted(devices, async (directory) => {
        await scrub(directory);
        assert.deepEqual(await hashTree(directory), before);
      });
    });
  });
