// SPDX-License-Identifier: Apache-2.0
// Used maps, judged by the file systems' own checkers: all bytes that are not sent are overwritten with garbage, and
// then nothing may be missing.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  bytesOf,
  type ExtentMap,
  intersect,
  normalizeRanges,
  type Range,
  rangesOf,
  sumBytes,
} from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/storage/index.ts";
import { readUsedMaps } from "../../../src/inspect/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { dirtyExt4, dirtyXfs } from "../../support/disks/dirty-disks.ts";
import { makeDisk, type TestDisk } from "../../support/disks/disks.ts";
import { noise } from "../../support/disks/filesystems.ts";

const MIB = 2 ** 20;

async function usedMap(path: string, t: TestContext): Promise<{ map: ExtentMap; notes: readonly string[] }> {
  const disk = await openSourceDisk(path, 1);
  const { graph, problems } = await readDiskGraph([disk], { signal: t.signal });
  assert.deepEqual(problems, []);
  const views = new Map([[1, path]]);
  const { maps, notes } = await readUsedMaps({ graph, views, signal: t.signal });
  const map = maps.get(1);
  assert.ok(map);
  assert.equal(map.size, disk.sizeBytes);
  for (const run of map.runs) assert.equal(run.start % 4096, 0);
  return { map, notes: notes.map((note) => String(note.text)) };
}

/** Overwrites everything that would not be sent. */
async function spoil(path: string, map: ExtentMap): Promise<void> {
  const garbage = Buffer.alloc(MIB, 0xa5);
  const file = await open(path, "r+");
  try {
    for (const { start, end } of rangesOf(map, "unused"))
      for (let at = start; at < end; at += MIB) await file.write(garbage, 0, Math.min(MIB, end - at), at);
  } finally {
    await file.close();
  }
}

/** SHA-256 of every file below a directory. */
async function hashTree(directory: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hashes[path.slice(directory.length)] = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }
  return hashes;
}

/** Writes files of many sizes and deletes every second one, twice: an aged file system. */
async function age(directory: string): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await mkdir(join(directory, `round-${round}`));
    for (let i = 0; i < 120; i += 1)
      await writeFile(join(directory, `round-${round}`, `${i}`), noise(`${round} ${i}`, 500 + i * 700));
    await run(["sync", "-f", directory]);
    for (let i = 0; i < 120; i += 2) await rm(join(directory, `round-${round}`, `${i}`));
  }
}

type Volume = { start: number; end: number };

async function onVolume<T>(
  disk: TestDisk,
  { start, end, writable = false }: Volume & { writable?: boolean },
  use: (device: string) => Promise<T>,
): Promise<T> {
  await using loop = await attachLoop(disk.path, {
    offset: start,
    sizeBytes: end - start,
    readOnly: !writable,
  });
  return await use(loop.path);
}

async function withMounted<T>(
  disk: TestDisk,
  how: Volume & { type: string; writable?: boolean },
  use: (directory: string) => Promise<T>,
): Promise<T> {
  return await onVolume(disk, how, async (device) => {
    const options = how.writable === true ? ["noatime"] : ["ro"];
    await using mounted = await mount(device, join(disk.directory, "p2v-m"), { type: how.type, options });
    return await use(mounted.path);
  });
}

function partitionOf(disk: TestDisk, index = 0): Volume {
  const partition = disk.partitions[index];
  assert.ok(partition);
  return partition;
}

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
async function readPartclone(
  program: string,
  device: string,
  { disk, volume }: { disk: TestDisk; volume: Volume },
): Promise<readonly Range[]> {
  const map = join(disk.directory, "domain.log");
  await rm(map, { force: true });
  const log = join(disk.directory, "partclone.log");
  await run([program, "-D", "-q", "-s", device, "-o", map, "-L", log, `--offset_domain=${volume.start}`]);
  const rows = [...(await readFile(map, "utf8")).matchAll(/^0x(\w+)\s+0x(\w+)\s+\+$/gm)];
  return normalizeRanges(
    rows.map(([, at = "", size = ""]) => {
      const start = Number.parseInt(at, 16);
      return { start, end: start + Number.parseInt(size, 16) };
    }),
  );
}

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
