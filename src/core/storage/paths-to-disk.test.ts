// SPDX-License-Identifier: Apache-2.0
// What is one disk by several paths, and what only tells the name of another.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockEdge, BlockGraph, BlockNode } from "../machine.ts";
import { furtherPaths, pathsToDisks } from "./paths-to-disk.ts";

const WWID = "naa.600140500000000000000000000000a1";

type Path = {
  name: string;
  wwid?: string;
  serial?: string;
  sizeBytes?: number;
  uuid?: string;
  isJoined?: boolean;
};

function graphOf(paths: readonly Path[]): BlockGraph {
  const nodes: BlockNode[] = [];
  const edges: BlockEdge[] = [];
  for (const { name, wwid, serial = "S1", sizeBytes = 2 ** 30, uuid = "u1", isJoined = false } of paths) {
    const [id, path] = [`disk:${name}`, `/dev/${name}`];
    const told = wwid === undefined ? {} : { wwid };
    nodes.push({
      id,
      path,
      sizeBytes,
      sectorBytes: 512,
      holds: { kind: "disk", serial, model: "LUN", table: "gpt", ...told },
    });
    nodes.push({
      id: `part:${name}1`,
      path: `${path}1`,
      sizeBytes: 2 ** 20,
      sectorBytes: 512,
      holds: { kind: "partition", number: 1, type: "L", uuid, bootable: false },
    });
    edges.push({ from: `part:${name}1`, to: id, map: null });
    if (!isJoined) continue;
    if (nodes.every((node) => node.id !== "dm:dm-0"))
      nodes.push({
        id: "dm:dm-0",
        path: "/dev/mapper/mpatha",
        sizeBytes,
        sectorBytes: 512,
        holds: { kind: "disk", serial: null, model: "", table: "gpt" },
      });
    edges.push({ from: "dm:dm-0", to: id, map: null });
  }
  return { nodes, edges };
}

const further = (...paths: Path[]): readonly string[] => [...furtherPaths(graphOf(paths))];

test("devices of one name, serial number, size and partitions are paths to one disk", () => {
  const graph = graphOf([
    { name: "sda", wwid: WWID },
    { name: "sdb" },
    { name: "sdc", wwid: WWID },
    { name: "sdd", wwid: WWID },
  ]);
  assert.deepEqual([...furtherPaths(graph)], ["/dev/sdc", "/dev/sdd"]);
  assert.deepEqual(
    pathsToDisks(graph)
      .get("disk:sda")
      ?.map(({ path }) => path),
    ["/dev/sda", "/dev/sdc", "/dev/sdd"],
  );
});

test("whatever else differs makes two disks of one name", () => {
  const one = { name: "sda", wwid: WWID };
  assert.deepEqual(further(one, { name: "sdb", wwid: WWID }), ["/dev/sdb"]);
  assert.deepEqual(further(one, { name: "sdb", wwid: `${WWID.slice(0, -1)}2` }), []);
  assert.deepEqual(further(one, { name: "sdb", wwid: WWID, serial: "S2" }), []);
  assert.deepEqual(further(one, { name: "sdb", wwid: WWID, sizeBytes: 2 ** 31 }), []);
  assert.deepEqual(further(one, { name: "sdb", wwid: WWID, uuid: "u2" }), []);
  assert.deepEqual(further({ name: "sda" }, { name: "sdb" }), [], "no name is no sign");
});

test("paths that dm-multipath has joined are its own", () => {
  assert.deepEqual(
    further({ name: "sda", wwid: WWID, isJoined: true }, { name: "sdb", wwid: WWID, isJoined: true }),
    [],
  );
});
