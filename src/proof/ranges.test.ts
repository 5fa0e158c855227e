// SPDX-License-Identifier: Apache-2.0
// Which ranges of a disk are compared.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceDisk } from "../core/index.ts";
import { frameRanges, grown } from "./ranges.ts";

const MIB = 2 ** 20;
const disk: SourceDisk = { number: 1, path: "/x.img", kind: "file", sizeBytes: 100 * MIB, sectorBytes: 512 };

test("grown() covers whole MiB, and the frame both sides of every border", () => {
  assert.deepEqual(
    grown(
      [
        { start: MIB + 5, end: MIB + 6 },
        { start: 3 * MIB - 1, end: 3 * MIB + 1 },
      ],
      3 * MIB + 10,
    ),
    [{ start: MIB, end: 3 * MIB + 10 }],
  );
  const common = { path: disk.path, sectorBytes: 512 };
  const graph = {
    nodes: [
      {
        id: "d",
        ...common,
        sizeBytes: disk.sizeBytes,
        holds: { kind: "disk", serial: null, model: "", table: "mbr" },
      },
      {
        id: "p",
        ...common,
        sizeBytes: 50 * MIB,
        holds: { kind: "partition", number: 1, type: "83", uuid: null, bootable: false },
      },
    ],
    edges: [{ from: "p", to: "d", map: [{ from: 0, to: 10 * MIB, length: 50 * MIB }] }],
  } as const;
  assert.deepEqual(frameRanges(disk, graph), [
    { start: 0, end: MIB },
    { start: 9 * MIB, end: 11 * MIB },
    { start: 59 * MIB, end: 61 * MIB },
    { start: 99 * MIB, end: 100 * MIB },
  ]);
  assert.deepEqual(frameRanges({ ...disk, sizeBytes: 1000 }, undefined), [{ start: 0, end: 1000 }]);
});
