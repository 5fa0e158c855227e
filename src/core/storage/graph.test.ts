// SPDX-License-Identifier: Apache-2.0
// Nodes are found on the disks through any number of plain mappings, and hostile graphs end in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { contiguousExtent, diskSegments } from "./graph.ts";
import type { BlockEdge, BlockGraph, BlockNode } from "../machine.ts";

const node = (id: string, sizeBytes: number, kind: "disk" | "opaque" = "opaque"): BlockNode => ({
  id,
  path: `/dev/${id}`,
  sizeBytes,
  sectorBytes: 512,
  holds: kind === "disk" ? { kind, serial: null, model: "", table: "none" } : { kind, why: "" },
});
const edge = (from: string, to: string, ...map: [from: number, to: number, length: number][]): BlockEdge => ({
  from,
  to,
  map: map.map(([at, below, length]) => ({ from: at, to: below, length })),
});
const graph = (nodes: BlockNode[], ...edges: BlockEdge[]): BlockGraph => ({ nodes, edges });

test("contiguousExtent() follows a file system through its partition to the disk", () => {
  const found = contiguousExtent(
    graph(
      [node("sda", 1000, "disk"), node("sda1", 500), node("fs", 400)],
      edge("sda1", "sda", [0, 100, 500]),
      edge("fs", "sda1", [0, 50, 400]),
    ),
    "fs",
  );
  assert.deepEqual(found, { kind: "extent", disk: "sda", start: 150, end: 550 });
});

test("contiguousExtent() joins pieces that meet on the disk, in whatever order the edges say them", () => {
  const nodes = [node("sda", 1000, "disk"), node("pv", 900), node("lv", 300)];
  const pv = edge("pv", "sda", [0, 100, 900]);
  const joined = graph(nodes, pv, edge("lv", "pv", [100, 200, 200], [0, 100, 100]));
  assert.deepEqual(contiguousExtent(joined, "lv"), { kind: "extent", disk: "sda", start: 200, end: 500 });
  const apart = graph(nodes, pv, edge("lv", "pv", [100, 600, 200], [0, 100, 100]));
  assert.deepEqual(contiguousExtent(apart, "lv"), { kind: "unmapped", why: "lv lies in 2 pieces" });
});

test("diskSegments() gives a volume that spans disks piece by piece", () => {
  const nodes = [node("sda", 500, "disk"), node("sdb", 500, "disk"), node("lv", 300)];
  const spanning = graph(nodes, edge("lv", "sdb", [200, 0, 100]), edge("lv", "sda", [0, 300, 200]));
  assert.deepEqual(diskSegments(spanning, "lv"), {
    kind: "mapped",
    segments: [
      { disk: "sda", from: 0, to: 300, length: 200 },
      { disk: "sdb", from: 200, to: 0, length: 100 },
    ],
  });
});

test("what cannot be followed says why", () => {
  const disk = node("sda", 1000, "disk");
  const why = (...edges: BlockEdge[]): string => {
    const found = contiguousExtent(graph([disk, node("a", 100), node("b", 100)], ...edges), "a");
    return found.kind === "unmapped" ? found.why : "";
  };
  assert.match(why(), /Nothing says where a lies/);
  assert.match(why({ from: "a", to: "sda", map: null }), /not a plain part/);
  assert.match(why(edge("a", "gone", [0, 0, 100])), /no node gone/);
  assert.match(why(edge("a", "sda", [0, 0, 50])), /byte 50 of a/);
  assert.match(why(edge("a", "sda", [10, 0, 90])), /byte 0 of a/);
  assert.match(why(edge("a", "sda", [0, 0, 100]), edge("a", "b", [0, 0, 100])), /more than once/);
  assert.match(why(edge("a", "sda", [0, 950, 100])), /outside sda/);
  assert.match(why(edge("a", "b", [0, 0, 100]), edge("b", "a", [0, 0, 100])), /circle/);
  assert.match(contiguousExtent(graph([]), "x").kind, /unmapped/);
});
