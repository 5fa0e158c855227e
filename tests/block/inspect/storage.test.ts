// SPDX-License-Identifier: Apache-2.0
// What is on disks, judged by the tools that made them: sfdisk, blkid, losetup.
import assert from "node:assert/strict";
import { open, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf, contiguousExtent } from "../../../src/core/index.ts";
import { readUsedMaps } from "../../../src/inspect/index.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { temporary } from "../../support/temporary.ts";
import { graphOf, holdsOf } from "../../support/disks/graphs.ts";

const MIB = 2 ** 20;

type Sfdisk = {
  partitiontable: {
    label: string;
    sectorsize: number;
    partitions: {
      node: string;
      start: number;
      size: number;
      type: string;
      uuid?: string;
      bootable?: boolean;
    }[];
  };
};

const SCRIPTS: Readonly<Record<string, string>> = {
  "an MBR with primary partitions":
    "label: dos\n1: size=2M, type=83, bootable\n2: size=3M, type=82\n4: type=8e\n",
  "an MBR with logical partitions":
    "label: dos\n1: size=2M, type=83\n2: size=1M, type=ef\n4: type=5\n5: size=4M, type=83\n6: size=1M, type=82\n7: size=2M, type=8e\n",
  "an MBR whose extended partition comes first":
    "label: dos\n1: size=20M, type=f\n5: size=3M\n6: size=3M\n2: size=5M, type=c\n",
  "a GPT":
    'label: gpt\n1: size=2M, type=U, name="EFI System"\n3: size=4M, type=L, attrs=LegacyBIOSBootable\n4: type=V\n',
  "a GPT of few entries": "label: gpt\ntable-length: 4\n1: size=2M\n2: size=2M\n",
};

for (const [name, script] of Object.entries(SCRIPTS))
  test(`${name} is read as sfdisk reads it`, async (t) => {
    const path = join(await temporary(t), "disk.img");
    await writeFile(path, "");
    await truncate(path, 64 * MIB);
    await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", path], { input: script });
    const { partitiontable } = JSON.parse((await run(["sfdisk", "--json", path])).stdout) as Sfdisk;
    const { graph, problems } = await graphOf(t, path);
    assert.deepEqual(problems, []);
    const found = graph.nodes.flatMap((node) => {
      if (node.holds.kind !== "partition") return [];
      const { number, type, uuid, bootable } = node.holds;
      const extent = contiguousExtent(graph, node.id);
      assert.ok(extent.kind === "extent");
      return [{ number, start: extent.start, size: node.sizeBytes, type, bootable, uuid }];
    });
    const isGpt = partitiontable.label === "gpt";
    const expected = partitiontable.partitions.map((part) => {
      const number = Number(part.node.slice(path.length));
      const sameUuid = found.find((one) => one.number === number)?.uuid ?? null;
      return {
        number,
        start: part.start * 512,
        size: part.size * 512,
        type: part.type,
        bootable: part.bootable ?? /LegacyBIOSBootable/.test(JSON.stringify(part)),
        uuid: isGpt ? (part.uuid ?? "").toLowerCase() : sameUuid,
      };
    });
    assert.deepEqual(found, expected);
    const disk = holdsOf(graph, "disk:1");
    assert.equal(disk.kind === "disk" && disk.table, isGpt ? "gpt" : "mbr");
  });

test("a disk of 4 KiB sectors is read in its own units, as device and as image", async (t) => {
  const path = join(await temporary(t), "disk.img");
  await writeFile(path, "");
  await truncate(path, 64 * MIB);
  await using loop = await attachLoop(path, {
    offset: 0,
    sizeBytes: 64 * MIB,
    readOnly: false,
    sectorBytes: 4096,
  });
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", loop.path], {
    input: "label: gpt\n1: size=8M\n2: size=8M\n",
  });
  for (const source of [loop.path, path]) {
    const { disks, graph } = await graphOf(t, source);
    assert.equal(disks[0]?.sectorBytes, 4096);
    const extent = contiguousExtent(graph, "disk:1/part:1");
    assert.deepEqual(extent, { kind: "extent", disk: "disk:1", start: MIB, end: 9 * MIB });
  }
});

test("contents are nodes above their partitions", async (t) => {
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 1, fs: "none", type: "21686148-6449-6E6F-744E-656564454649" },
      { sizeMb: 8, fs: "vfat", label: "ESP", uuid: "12345678" },
      { sizeMb: 16, fs: "ext4", label: "ro ot", uuid: "11111111-2222-3333-4444-555555555555" },
      { sizeMb: 8, fs: "swap", label: "sw", uuid: "21111111-2222-3333-4444-555555555555" },
    ],
  });
  const { graph } = await graphOf(t, disk.path);
  assert.deepEqual(holdsOf(graph, "disk:1/part:2/fs"), {
    kind: "filesystem",
    type: "vfat",
    uuid: "1234-5678",
    label: "ESP",
  });
  assert.deepEqual(holdsOf(graph, "disk:1/part:3/fs"), {
    kind: "filesystem",
    type: "ext4",
    uuid: "11111111-2222-3333-4444-555555555555",
    label: "ro ot",
  });
  assert.deepEqual(holdsOf(graph, "disk:1/part:4/swap"), {
    kind: "swap",
    uuid: "21111111-2222-3333-4444-555555555555",
    label: "sw",
    hibernated: false,
  });
  assert.equal(holdsOf(graph, "disk:1/part:1/opaque").kind, "opaque");
  const [, , ext4] = disk.partitions;
  const extent = contiguousExtent(graph, "disk:1/part:3/fs");
  assert.deepEqual(extent, { kind: "extent", disk: "disk:1", start: ext4?.start, end: ext4?.end });
});

test("a file system without a table is found on the disk itself", async (t) => {
  for (const fs of ["ext4", "vfat"] as const) {
    await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 16, fs, label: "WHOLE" }] });
    const { graph } = await graphOf(t, disk.path);
    const holds = holdsOf(graph, "disk:1/fs");
    assert.deepEqual(holds.kind === "filesystem" && [holds.type, holds.label], [fs, "WHOLE"]);
    const whole = holdsOf(graph, "disk:1");
    assert.equal(whole.kind === "disk" && whole.table, "none");
  }
});

test("a hibernated system is seen in its swap, and nothing of it is left out", async (t) => {
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 8, fs: "swap" }] });
  const start = disk.partitions[0]?.start ?? 0;
  const file = await open(disk.path, "r+");
  await file.write(Buffer.from("S1SUSPEND\0"), 0, 10, start + 4086);
  await file.close();
  const { graph } = await graphOf(t, disk.path);
  const holds = holdsOf(graph, "disk:1/part:1/swap");
  assert.equal(holds.kind === "swap" && holds.hibernated, true);
  const { maps } = await readUsedMaps({ graph, views: new Map([[1, disk.path]]), signal: t.signal });
  const map = maps.get(1);
  assert.equal(map && bytesOf(map, "data"), disk.sizeBytes);
});

test("luks and md members are whole", async (t) => {
  const luks = Buffer.alloc(4096);
  luks.write("LUKS\xba\xbe\0\x01", 0, "latin1");
  luks.write("11111111-2222-3333-4444-555555555555", 168, "latin1");
  const md = Buffer.alloc(8192);
  md.writeUInt32LE(0xa92b4efc, 4096);
  md.writeUInt32LE(1, 4096 + 4); // version 1.2: superblock at 4096
  md.fill(0x11, 4096 + 16, 4096 + 32);
  md.writeBigUInt64LE(8n, 4096 + 144);
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 4, fs: "none", content: luks },
      { sizeMb: 4, fs: "none", content: md },
    ],
  });
  const { graph } = await graphOf(t, disk.path);
  assert.deepEqual(holdsOf(graph, "disk:1/part:1/luks"), {
    kind: "luks",
    uuid: "11111111-2222-3333-4444-555555555555",
  });
  assert.equal(holdsOf(graph, "disk:1/part:2/md").kind, "md-member");
  const { maps, notes } = await readUsedMaps({ graph, views: new Map([[1, disk.path]]), signal: t.signal });
  const map = maps.get(1);
  assert.equal(map && bytesOf(map, "unused"), 0);
  assert.match(notes.map((note) => note.text).join("\n"), /part:1\/luks.*encrypted\n.*part:2\/md.*RAID/);
});
