// SPDX-License-Identifier: Apache-2.0
// Whole migrations of small disks without a system: formats, journals, devices, several disks.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Report } from "../../src/core/index.ts";
import { attachLoop, run } from "../../src/system/index.ts";
import { cli, type Ended, leftovers } from "../support/cli.ts";
import { dirtyExt4, dirtyXfs } from "../support/dirty-disks.ts";
import { makeDisk, type TestDisk, type TestPartition } from "../support/disks.ts";
import { noise } from "../support/noise.ts";
import { readTree, treeDifferences } from "../support/trees.ts";

const FILES = { "/srv/data": noise("data", 3 * 2 ** 20), "/srv/text": "some words\n".repeat(10_000) };

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "p2v-migrate-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

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
  const [raw, qcow2] = [await scratch(t), await scratch(t)];
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

for (const [name, make, check] of [
  ["ext4", dirtyExt4, ["e2fsck", "-fn"]],
  ["xfs", dirtyXfs, ["xfs_repair", "-n"]],
] as const)
  test(`a dirty ${name} is replayed on the overlay: the VM has what the journal knew, the source its dirty journal`, async (t) => {
    const directory = await scratch(t);
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
  const directory = await scratch(t);
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

test("several disks keep their order, and the level `used` is proven by default for images", async (t) => {
  const directory = await scratch(t);
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
