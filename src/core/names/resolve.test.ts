// SPDX-License-Identifier: Apache-2.0
// A name is resolved as far as the evidence goes, and the answer says what it rests on.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockEdge, BlockGraph, BlockNode, Holds } from "../machine.ts";
import { contentId, diskId, partitionId } from "../storage/node-id.ts";
import { evidenceOfLines, evidenceOfMounts } from "./evidence.ts";
import { findSpec, NO_EVIDENCE, resolveSpec } from "./resolve.ts";

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

test("resolveSpec() without evidence: what the disks say, serial numbers, and the order", () => {
  assert.deepEqual(resolveSpec(two, "PARTUUID=PART-2"), { node: FS_2, because: "name" });
  assert.deepEqual(resolveSpec(two, "/dev/disk/by-id/ata-X_WD-5678-part1"), {
    node: FS_2,
    because: "serial",
  });
  assert.deepEqual(resolveSpec(two, "/dev/sdb1"), { node: FS_2, because: "order" });
  assert.deepEqual(resolveSpec(two, "/dev/sdb"), { node: diskId(2), because: "order" });
  for (const absent of ["UUID=fs-3", "/dev/sdc1", "/dev/sda2", "/dev/disk/by-path/pci-1-part1", "tmpfs"])
    assert.equal(resolveSpec(two, absent), null, absent);
});

test("what fstab found tells which disk was which: no other disk has the name any more", () => {
  const evidence = evidenceOfMounts(two, [
    { spec: "/dev/sdb1", node: FS_1 },
    { spec: "/dev/disk/by-path/pci-1-part1", node: FS_2 },
    { spec: "/dev/sdd1", node: null },
  ]);
  assert.deepEqual(resolveSpec(two, "/dev/sdb1", evidence), { node: FS_1, because: "known" });
  assert.deepEqual(resolveSpec(two, "/dev/disk/by-path/pci-1", evidence), {
    node: diskId(2),
    because: "known",
  });
  assert.equal(resolveSpec(two, "/dev/sda1", evidence), null, "the first disk was sdb");
  assert.equal(resolveSpec(two, "/dev/sdd1", evidence), null);
});

test("the order counts for names of one driver: the root's, or the only one", () => {
  const lines = (...specs: string[]): Parameters<typeof evidenceOfLines>[0] =>
    specs.map((spec, index) => ({ spec, path: index === 0 ? "/" : `/${index}` }));
  const ofRoot = evidenceOfLines(lines("/dev/sda1", "/dev/nvme0n1p1"));
  assert.equal(resolveSpec(two, "/dev/sda1", ofRoot)?.node, FS_1);
  assert.equal(resolveSpec(two, "/dev/nvme0n1p1", ofRoot), null);
  const unclear = evidenceOfLines(lines("UUID=fs-1", "/dev/sda1", "/dev/nvme0n1p1"));
  assert.equal(resolveSpec(two, "/dev/sda1", unclear), null);
  const one = evidenceOfLines(lines("UUID=fs-1", "/dev/sda1"));
  assert.equal(resolveSpec(two, "/dev/sda1", one)?.node, FS_1);
});

test("the only disk has the only name, where the evidence says that one name is all there is", () => {
  const only = makeGraph([null]);
  const path = "/dev/disk/by-path/pci-1-part1";
  const evidence = evidenceOfLines([{ spec: path, path: "/" }]);
  assert.deepEqual(resolveSpec(only, path, evidence), { node: FS_1, because: "only-disk" });
  assert.equal(resolveSpec(only, path, NO_EVIDENCE), null);
  const both = [path, "/dev/disk/by-path/pci-2-part1"].map((spec) => ({ spec, path: "/" }));
  assert.equal(resolveSpec(only, path, evidenceOfLines(both)), null);
});

test("findSpec() takes a hostile graph with a circle", () => {
  const fs: Holds = { kind: "filesystem", type: "ext4", uuid: "u", label: null };
  const node = { id: "a", path: "", sizeBytes: 1, sectorBytes: 512, holds: fs };
  const circle: BlockGraph = { nodes: [node], edges: [{ from: "a", to: "a", map: null }] };
  assert.equal(findSpec(circle, "UUID=u"), "a");
  assert.deepEqual([...evidenceOfMounts(circle, [{ spec: "/dev/sda1", node: "a" }]).known], []);
});
