// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockGraph } from "../../core/index.ts";
import { type DiskMark, diskMarks, findDisk, judgeDisks } from "./disks.ts";

const GIB = 2 ** 30;
const mark = (path: string, more: Partial<DiskMark> = {}): DiskMark => ({
  path,
  sizeBytes: GIB,
  serial: null,
  partitions: [],
  ...more,
});

test("a serial number tells disks apart, and without one their partitions", () => {
  const a = mark("/dev/sda", { serial: "A" });
  const b = mark("/dev/sdb", { serial: "B" });
  assert.equal(
    findDisk(a, [
      { ...b, path: "/dev/sda" },
      { ...a, path: "/dev/sdb" },
    ]),
    "/dev/sdb",
  );
  const c = mark("/dev/vda", { partitions: ["1-01"] });
  const d = mark("/dev/vdb", { partitions: ["2-01"] });
  assert.equal(
    findDisk(c, [
      { ...d, path: "/dev/vda" },
      { ...c, path: "/dev/vdb" },
    ]),
    "/dev/vdb",
  );
});

test("another driver may know no serial number, and a disk may have been partitioned anew", () => {
  const a = mark("/dev/sda", { serial: "A", partitions: ["1-01"] });
  assert.equal(findDisk(a, [{ ...a, serial: null, path: "/dev/sdx" }]), "/dev/sdx");
  assert.equal(findDisk(a, [{ ...a, partitions: ["2-01"] }]), null);
  assert.equal(findDisk(a, [{ ...a, sizeBytes: 2 * GIB }]), null);
});

test("law: the disk that is found has the mark's size and partitions, and no other serial; of two that do, none is", () => {
  const one = fc.record({
    path: fc.constantFrom("/dev/sda", "/dev/sdb", "/dev/sdc"),
    sizeBytes: fc.constantFrom(GIB, 2 * GIB),
    serial: fc.constantFrom(null, "A", "B"),
    partitions: fc.constantFrom([], ["1"], ["1", "2"]),
  });
  fc.assert(
    fc.property(one, fc.uniqueArray(one, { selector: ({ path }) => path, maxLength: 3 }), (wanted, here) => {
      const found = findDisk(wanted, here);
      const disk = here.find(({ path }) => path === found);
      if (found === null) return;
      assert.ok(disk !== undefined);
      assert.equal(disk.sizeBytes, wanted.sizeBytes);
      assert.deepEqual(disk.partitions, wanted.partitions);
      assert.ok(disk.serial === wanted.serial || disk.serial === null || wanted.serial === null);
      const twin = { ...disk, path: "/dev/sdz" };
      assert.equal(findDisk(wanted, [...here, twin]), null);
    }),
  );
});

const disk = (path: string, serial: string | null): BlockGraph["nodes"][number] => ({
  id: path,
  path,
  sizeBytes: GIB,
  sectorBytes: 512,
  holds: { kind: "disk", serial, model: "", table: "mbr" },
});
const PARTITION: BlockGraph["nodes"][number] = {
  id: "/dev/sda1",
  path: "/dev/sda1",
  sizeBytes: GIB / 2,
  sectorBytes: 512,
  holds: { kind: "partition", number: 1, type: "83", uuid: "1-01", bootable: true },
};

test("marks have what the graph tells; a partition, and twins without a serial number, are refused", () => {
  const graph: BlockGraph = {
    nodes: [disk("/dev/sda", null), PARTITION, disk("/dev/sdb", null), disk("/dev/sdc", null)],
    edges: [{ from: "/dev/sda1", to: "/dev/sda", map: [{ from: 0, to: 2 ** 20, length: GIB / 2 }] }],
  };
  assert.deepEqual(diskMarks(graph).get("/dev/sda")?.partitions, ["1-01"]);
  assert.deepEqual(judgeDisks(["/dev/sda"], graph), []);
  for (const path of ["/dev/sda1", "/dev/sdb", "/dev/nothing"])
    assert.deepEqual(
      judgeDisks([path], graph).map(({ code }) => code),
      ["cutover-disk"],
      path,
    );
});
