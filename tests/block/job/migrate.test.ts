// SPDX-License-Identifier: Apache-2.0
// Whole migrations of small disks without a system: formats, journals, devices, several disks.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Report } from "../../../src/core/index.ts";
import { attachLoop, run, startDaemon } from "../../../src/system/index.ts";
import { cli, type Ended, leftovers } from "../../support/cli.ts";
import { dirtyExt4, dirtyXfs } from "../../support/disks/dirty-disks.ts";
import { makeDisk, type TestDisk, type TestPartition } from "../../support/disks/disks.ts";
import { noise } from "../../../lab/noise.ts";
import { waitFor } from "../../../lab/processes.ts";
import { readTree, treeDifferences } from "../../support/guests/trees.ts";
import { temporary } from "../../support/temporary.ts";

const FILES = { "/srv/data": noise("data", 3 * 2 ** 20), "/srv/text": "some words\n".repeat(10_000) };

const sha256 = async (path: string): Promise<string> =>
  (await run(["sha256sum", "--", path])).stdout.slice(0, 64);

async function migrate(
  disks: readonly string[],
  directory: string,
  ...more: readonly string[]
): Promise<Ended> {
  const given = disks.flatMap((disk) => ["--disk", disk]);
  const ended = await cli([
    "migrate",
    ...given,
    "--to",
    `dir:${directory}`,
    "--name",
    "vm",
    "--yes",
    "--no-boot-check",
    ...more,
  ]);
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await leftovers(), []);
  for (const title of ["Looking at the source", "Overlay", "Plan", "Proof", "Writing definitions"])
    assert.equal(ended.stderr.split("\n").filter((line) => line === title).length, 1, `${title} once`);
  return ended;
}

const reportIn = async (directory: string): Promise<Report> =>
  JSON.parse(await readFile(join(directory, "vm/report.json"), "utf8")) as Report;

function firstOf({ partitions }: TestDisk): TestPartition {
  const [partition] = partitions;
  assert.ok(partition !== undefined);
  return partition;
}

test("raw and qcow2 hold the same disk, and both verify", async (t) => {
  const [raw, qcow2] = [await temporary(t), await temporary(t)];
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 32, fs: "ext4", files: FILES, stale: true },
      { sizeMb: 32, fs: "xfs", files: FILES },
    ],
  });
  const before = await sha256(disk.path);
  await migrate([disk.path], raw);
  await migrate([disk.path], qcow2, "--format", "qcow2");
  await run([
    "qemu-img",
    "compare",
    "-f",
    "raw",
    "-F",
    "qcow2",
    join(raw, "vm/vm-1.img"),
    join(qcow2, "vm/vm-1.qcow2"),
  ]);
  for (const directory of [raw, qcow2]) assert.equal((await cli(["verify", join(directory, "vm")])).code, 0);
  for (const { start, end, fs } of disk.partitions) {
    const range = { start, end, type: fs };
    assert.deepEqual(
      treeDifferences(await readTree(disk.path, range), await readTree(join(raw, "vm/vm-1.img"), range)),
      [],
    );
  }
  assert.equal(await sha256(disk.path), before);
});

for (const format of ["raw", "qcow2"] as const)
  test(`--update sends only what differs, and all of an image that was changed there (${format})`, async (t) => {
    const directory = await temporary(t);
    const image = join(directory, `vm/vm-1.${format === "raw" ? "img" : "qcow2"}`);
    await using disk = await makeDisk({
      table: "mbr",
      partitions: [{ sizeMb: 64, fs: "ext4", files: FILES }],
    });
    const { start, end } = firstOf(disk);
    const sentBytes = async (): Promise<number> =>
      (await reportIn(directory)).disks.reduce((sum, one) => sum + one.sentBytes, 0);
    const same = async (): Promise<void> => {
      assert.equal((await cli(["verify", join(directory, "vm")])).code, 0);
      const raw = join(directory, "compare.img");
      await run(["qemu-img", "convert", "-f", format, "-O", "raw", image, raw]);
      const range = { start, end, type: "ext4" } as const;
      assert.deepEqual(treeDifferences(await readTree(disk.path, range), await readTree(raw, range)), []);
    };
    await migrate([disk.path], directory, "--format", format);
    const first = await sentBytes();

    const argv = ["migrate", "--disk", disk.path, "--to", `dir:${directory}`, "--name", "vm", "--yes"];
    assert.equal((await cli(argv)).code, 5, "neither --update nor --replace was said");

    await using loop = await attachLoop(disk.path, {
      offset: start,
      sizeBytes: end - start,
      readOnly: false,
    });
    const mounted = join(directory, "source");
    await mkdir(mounted);
    await run(["mount", loop.path, mounted]);
    try {
      await writeFile(join(mounted, "srv/later"), noise("later", 100_000));
      await rm(join(mounted, "srv/text"));
    } finally {
      await run(["umount", mounted]);
    }
    await loop[Symbol.asyncDispose]();
    await migrate([disk.path], directory, "--format", format, "--update");
    const second = await sentBytes();
    assert.ok(second > 100_000 && second < first / 2, `${second} bytes after ${first}`);
    await same();

    // The VM ran, and wrote: its hashes tell nothing of the image any more.
    await run(["qemu-io", "-f", format, "-c", `write -P 7 ${start + 8 * 2 ** 20} 1M`, image]);
    await migrate([disk.path], directory, "--format", format, "--update");
    assert.ok((await sentBytes()) > first * 0.9, "all was sent");
    await same();
  });

test("--update and --replace refuse a VM that runs", async (t) => {
  const directory = await temporary(t);
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 16, fs: "ext4", files: {} }] });
  await migrate([disk.path], directory);
  const image = join(directory, "vm/vm-1.img");
  const file = JSON.stringify({ driver: "raw", "node-name": "d", file: { driver: "file", filename: image } });
  await using running = await startDaemon([
    "qemu-system-x86_64",
    ..."-machine q35 -accel tcg -m 64 -S -display none -nodefaults -qmp".split(" "),
    `unix:${join(directory, "qmp")},server=on,wait=off`,
    "-blockdev",
    file,
    ..."-device virtio-blk-pci,drive=d".split(" "),
  ]);
  await waitFor("QEMU", () => existsSync(join(directory, "qmp")));
  for (const how of ["--update", "--replace"]) {
    const ended = await cli([
      "migrate",
      "--disk",
      disk.path,
      "--to",
      `dir:${directory}`,
      "--name",
      "vm",
      "--yes",
      how,
    ]);
    assert.equal(ended.code, 5, ended.stderr);
    assert.match(ended.stderr, /vm-1\.img .*is in use: the VM runs/);
  }
  assert.equal(running.ended.aborted, false);
});

for (const [name, make, check] of [
  ["ext4", dirtyExt4, ["e2fsck", "-fn"]],
  ["xfs", dirtyXfs, ["xfs_repair", "-n"]],
] as const)
  test(`a dirty ${name} is replayed on the overlay: the VM has what the journal knew, the source its dirty journal`, async (t) => {
    const directory = await temporary(t);
    await using disk = await make();
    const before = await sha256(disk.path);
    const ended = await migrate([disk.path], directory, "--proof", "full");
    assert.match(ended.stderr, /not shut down cleanly/);
    assert.equal(await sha256(disk.path), before);
    const { start, end } = firstOf(disk);
    await using loop = await attachLoop(join(directory, "vm/vm-1.img"), {
      offset: start,
      sizeBytes: end - start,
      readOnly: true,
    });
    await run([...check, loop.path]);
    const tree = await readTree(join(directory, "vm/vm-1.img"), { start, end, type: name });
    assert.ok(Object.keys(disk.afterReplay).length > 0);
    for (const path of Object.keys(disk.afterReplay)) assert.ok(tree.has(path), path);
  });

test("a block device is read-only while it is a source, and its counters are the proof", async (t) => {
  const directory = await temporary(t);
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 32, fs: "ext4", files: FILES }] });
  await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
  await migrate([loop.path], directory);
  const { proof } = await reportIn(directory);
  assert.equal(proof.level, "counters");
  assert.ok(proof.held);
  assert.match(proof.disks[0]?.detail ?? "", /read-only/);
  assert.equal(
    (await run(["blockdev", "--getro", loop.path])).stdout.trim(),
    "0",
    "the device is as it was before",
  );
});

test("a plan can be kept where the VM would be, and a machine that was migrated is told from another one", async (t) => {
  const directory = await temporary(t);
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 16, fs: "ext4", files: FILES }] });
  await using other = await makeDisk({
    table: "mbr",
    partitions: [{ sizeMb: 16, fs: "ext4", files: FILES }],
  });
  const plan = (path: string): Promise<Ended> =>
    cli(["plan", "--disk", path, "--to", `dir:${directory}`, "--name", "vm", "--save"]);
  assert.equal((await plan(disk.path)).code, 0);
  assert.match(await readFile(join(directory, "vm.plan.txt"), "utf8"), /Disk 1 /);
  const kept = JSON.parse(await readFile(join(directory, "vm.plan.json"), "utf8")) as { format: string };
  assert.equal(kept.format, "plan/1");
  assert.ok(!existsSync(join(directory, "vm")));

  await migrate([disk.path], directory);
  const again = await plan(disk.path);
  assert.equal(again.code, 5);
  assert.match(again.stdout, /holds a finished VM of this\s+very\s+machine/);
  const foreign = await plan(other.path);
  assert.equal(foreign.code, 5);
  assert.match(foreign.stdout, /holds a finished\s+VM\n/);
});

test("several disks keep their order, and the level `used` is proven by default for images", async (t) => {
  const directory = await temporary(t);
  await using one = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 16, fs: "ext4", files: FILES }] });
  await using other = await makeDisk({
    table: "none",
    partitions: [{ sizeMb: 24, fs: "xfs", files: FILES }],
  });
  await migrate([one.path, other.path], directory);
  const report = await reportIn(directory);
  assert.deepEqual(
    report.disks.map(({ file, path }) => [file, path]),
    [
      ["vm-1.img", one.path],
      ["vm-2.img", other.path],
    ],
  );
  assert.equal(report.proof.level, "used");
  assert.ok(report.proof.held);
  assert.ok(report.disks.every((disk) => disk.usedBytes < disk.sizeBytes && disk.sentBytes > 0));
});
