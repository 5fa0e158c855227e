// SPDX-License-Identifier: Apache-2.0
// Arrays with partitions inside (/dev/md127p1), made of whole disks: their table is seen on each disk too, where the superblock
// lies at the end, and is the array's nevertheless.
import assert from "node:assert/strict";
import { open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { copiesOf, findSpec, learnNames } from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph, readUsedMaps } from "../../../src/inspect/index.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { type MdVersion, mdSuperblock } from "../../support/disks/md.ts";
import { never as signal } from "../../support/disks/overlays.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;
const UUID = "11111111-2222-4333-8444-555555555555";

/** Two members of a mirror that holds a disk with a table. */
async function mirror(t: TestContext, version: MdVersion): Promise<readonly string[]> {
  await using inside = await makeDisk({
    table: "mbr",
    partitions: [
      { sizeMb: 16, fs: "ext4", uuid: UUID },
      { sizeMb: 8, fs: "swap" },
    ],
  });
  const bytes = await readFile(inside.path);
  const sizeBytes = bytes.length + 4 * MIB;
  const directory = await temporary(t);
  const paths: string[] = [];
  for (const role of [0, 1]) {
    const made = mdSuperblock({
      version,
      sizeBytes,
      role,
      events: 9,
      members: 2,
      level: 1,
      name: "old:root",
    });
    const path = join(directory, `${role}.img`);
    await writeFile(path, "");
    await truncate(path, sizeBytes);
    await using file = await open(path, "r+");
    await file.write(bytes, 0, bytes.length, made.data.start);
    await file.write(made.bytes, 0, made.bytes.length, made.at);
    paths.push(path);
  }
  return paths;
}

async function look(paths: readonly string[]) {
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  return await readDiskGraph(disks, { signal });
}

test("partitions of an array are those of the array, and what lies there is there once", async (t) => {
  for (const version of ["0.90", "1.0", "1.2"] as const) {
    const paths = await mirror(t, version);
    const { graph, problems } = await look(paths);
    assert.deepEqual(problems, [], version);
    const array = version === "0.90" ? "md:0" : "md:root";
    assert.deepEqual(
      graph.nodes.map(({ id }) => id),
      [
        "disk:1",
        "disk:1/md",
        "disk:2",
        "disk:2/md",
        array,
        `${array}/part:1`,
        `${array}/part:1/fs`,
        `${array}/part:2`,
        `${array}/part:2/swap`,
      ],
      version,
    );
    assert.equal(copiesOf(graph, `${array}/part:1/fs`), 2);
    const views = new Map(paths.map((path, index) => [index + 1, path]));
    assert.deepEqual((await readUsedMaps({ graph, views, signal })).notes, []);
    // md127 is what the kernel called it, whatever its own name is.
    const claims = [
      {
        spec: "/dev/md127p1",
        from: "/etc/fstab",
        wants: { kind: "filesystem", types: "ext4", path: "/" },
        firm: true,
      } as const,
    ];
    const ground = { graph, root: `${array}/part:1/fs`, mounted: new Map() };
    const names = learnNames({ claims, aliases: [] }, ground);
    assert.equal(findSpec(graph, "/dev/md127p1", names), `${array}/part:1/fs`);
    assert.equal(findSpec(graph, "/dev/md127p2", names), `${array}/part:2/swap`);
  }
});

test("a member that is the last partition of its disk stays one", async (t) => {
  await using disk = await makeDisk({
    table: "mbr",
    sizeMb: 26,
    partitions: [
      { sizeMb: 8, fs: "ext4" },
      { sizeMb: 16, fs: "none", type: "fd" },
    ],
  });
  const last = disk.partitions[1] ?? assert.fail();
  await truncate(disk.path, last.end);
  const sizeBytes = last.end - last.start;
  const made = mdSuperblock({ version: "0.90", sizeBytes, role: 0, events: 9, members: 2, level: 1 });
  {
    await using file = await open(disk.path, "r+");
    await file.write(made.bytes, 0, made.bytes.length, last.start + made.at);
  }
  t.diagnostic(`superblock at ${last.start + made.at} of ${last.end}`);
  const { graph } = await look([disk.path]);
  assert.ok(graph.nodes.some(({ id }) => id === "disk:1/part:2/md"));
  assert.ok(graph.nodes.some(({ id }) => id === "disk:1/part:1/fs"));
});
