// SPDX-License-Identifier: Apache-2.0
// Where volumes lie on the given disks, or why no device is made of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceDisk } from "../../core/index.ts";
import { placesOf } from "./volume-place.ts";

const MIB = 2 ** 20;
const disk: SourceDisk = { number: 1, path: "/x.img", kind: "file", sizeBytes: 100 * MIB, sectorBytes: 512 };

test("placesOf() gives no device beyond the disk, off its sectors, or on a disk that is not here", () => {
  const at = (start: number, length: number, sectorBytes: 512 | 4096 = 512, path = disk.path) => {
    const common = { path, sectorBytes };
    const top = { id: "p", ...common, sizeBytes: length, holds: { kind: "opaque", why: "" } } as const;
    const holds = { kind: "disk", serial: null, model: "", table: "none" } as const;
    const graph = {
      nodes: [top, { id: "d", ...common, sizeBytes: 10 ** 12, holds }],
      edges: [{ from: "p", to: "d", map: [{ from: 0, to: start, length }] }],
    };
    const place = placesOf("p", graph, [{ disk: { ...disk, sectorBytes }, path: "/view" }]);
    return "unavailable" in place ? place.unavailable : place.flat().map(({ start, end }) => [start, end])[0];
  };
  assert.deepEqual(at(MIB, MIB), [MIB, 2 * MIB]);
  assert.match(String(at(99 * MIB, 2 * MIB)), /the disk ends at/);
  assert.match(String(at(512, MIB, 4096)), /sector/);
  assert.match(String(at(MIB, MIB, 512, "/other")), /not among the disks/);
});
