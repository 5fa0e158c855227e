// SPDX-License-Identifier: Apache-2.0
// A name is resolved as far as the evidence goes, and the answer says what it rests on.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockEdge, BlockGraph, BlockNode, Holds } from "../machine.ts";
import { contentId, diskId, partitionId } from "../storage/node-id.ts";
import { findSpec, resolveSpec } from "./resolve.ts";

/** Disks with an ext4 on their partition 1. */
function makeGraph(serials: readonly (string | null)[]): BlockGraph {
  const nodes: BlockNode[] = [];
  const edges: BlockEdge[] = [];
  const add = (id: string, holds: Holds, below: string | null): string => {
    nodes.push({ id, path: "/disk.img", sizeBytes: 1024, sectorBytes: 512, holds });
    if (below !== null) edges.push({ from: id, to: below, map: null });
    return id;
  };
  for (const [index, serial] of serials.entries()) {
    const disk = add(diskId(index + 1), { kind: "disk", serial, model: "", table: "gpt" }, null);
    const entry: Holds = {
      kind: "partition",
      number: 1,
      type: "",
      uuid: `part-${index + 1}`,
      bootable: false,
    };
    const part = add(partitionId(disk, 1), entry, disk);
    const fs: Holds = { kind: "filesystem", type: "ext4", uuid: `fs-${index + 1}`, label: null };
    add(contentId(part, fs), fs, part);
  }
  return { nodes, edges };
}

const FS_1 = "disk:1/part:1/fs";
const FS_2 = "disk:2/part:1/fs";
const two = makeGraph(["WD-1234", "WD-5678"]);

test("what the disks themselves say needs no evidence; the order of the disks is none", () => {
  assert.deepEqual(resolveSpec(two, "PARTUUID=PART-2"), { kind: "found", node: FS_2, because: "name" });
  assert.deepEqual(resolveSpec(two, "/dev/disk/by-id/ata-X_WD-5678-part1"), {
    kind: "found",
    node: FS_2,
    because: "serial",
  });
  for (const absent of [
    "UUID=fs-3",
    "/dev/sda",
    "/dev/sda1",
    "/dev/sdb1",
    "(hd0,msdos1)",
    "/dev/disk/by-path/pci-1-part1",
    "tmpfs",
  ])
    assert.deepEqual(resolveSpec(two, absent), { kind: "absent" }, absent);
});

test("what was learned decides; a disk without that partition has not that name", () => {
  const known = [{ key: "order:sd:1", disk: diskId(1), because: "proven" }] as const;
  const names = {
    known,
    unclear: [{ key: "order:sd:2", specs: ["/dev/sdc1"], disks: [diskId(1), diskId(2)] }],
  };
  assert.equal(findSpec(two, "/dev/sdb1", names), FS_1);
  assert.equal(findSpec(two, "/dev/sdb", names), diskId(1));
  assert.equal(findSpec(two, "/dev/sdb2", names), null);
  assert.deepEqual(resolveSpec(two, "/dev/sdc1", names), { kind: "unclear", nodes: [FS_1, FS_2] });
  assert.deepEqual(resolveSpec(two, "/dev/sdc7", names), { kind: "absent" });
});

test("a label or UUID that is there twice is unclear; the members of one btrfs are one file system", () => {
  const twice = makeGraph([null, null]);
  const nodes = twice.nodes.map((node) =>
    node.holds.kind === "filesystem"
      ? { ...node, holds: { ...node.holds, uuid: "same", label: "data" } }
      : node,
  );
  for (const spec of ["LABEL=data", "UUID=SAME", "/dev/disk/by-label/data"])
    assert.deepEqual(resolveSpec({ ...twice, nodes }, spec), { kind: "unclear", nodes: [FS_1, FS_2] });
  const btrfs = nodes.map((node) =>
    node.holds.kind === "filesystem" ? { ...node, holds: { ...node.holds, type: "btrfs" } } : node,
  );
  assert.equal(findSpec({ ...twice, nodes: btrfs }, "UUID=same"), FS_1);
});

test("findSpec() takes a hostile graph with a circle", () => {
  const fs: Holds = { kind: "filesystem", type: "ext4", uuid: "u", label: null };
  const node = { id: "a", path: "", sizeBytes: 1, sectorBytes: 512, holds: fs };
  const circle: BlockGraph = { nodes: [node], edges: [{ from: "a", to: "a", map: null }] };
  assert.equal(findSpec(circle, "UUID=u"), "a");
});
