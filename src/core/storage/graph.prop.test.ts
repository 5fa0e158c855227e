// SPDX-License-Identifier: Apache-2.0
// Law: following a stack of random mappings gives the same disk byte, for each byte, as following that byte alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { diskSegments } from "./graph.ts";
import type { BlockEdge, BlockGraph, BlockNode } from "../machine.ts";

/** Cuts [0, size) and lays the pieces out below in another order: a volume manager in small. */
const shuffled = (size: number): fc.Arbitrary<BlockEdge["map"]> =>
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 1, max: size - 1 }), { maxLength: 5 }),
      fc.infiniteStream(fc.nat()),
    )
    .map(([cuts, keys]) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), size];
      const pieces = at
        .slice(0, -1)
        .map((from, i) => ({ from, length: (at[i + 1] ?? size) - from, key: keys.next().value }));
      let to = 0;
      return pieces
        .toSorted((a, b) => a.key - b.key)
        .map(({ from, length }) => {
          to += length;
          return { from, to: to - length, length };
        });
    });

test("diskSegments() agrees with following each byte", () => {
  const size = 40;
  fc.assert(
    fc.property(fc.array(shuffled(size), { minLength: 1, maxLength: 4 }), (maps) => {
      const nodes = [...maps, null].map(
        (_, i): BlockNode => ({
          id: `n${i}`,
          path: "",
          sizeBytes: size,
          sectorBytes: 512,
          holds:
            i === maps.length
              ? { kind: "disk", serial: null, model: "", table: "none" }
              : { kind: "opaque", why: "" },
        }),
      );
      const graph: BlockGraph = {
        nodes,
        edges: maps.map((map, i) => ({ from: `n${i}`, to: `n${i + 1}`, map })),
      };
      const found = diskSegments(graph, "n0");
      assert.equal(found.kind, "mapped");
      const segments = found.kind === "mapped" ? found.segments : [];
      for (let byte = 0; byte < size; byte += 1) {
        let below = byte;
        for (const map of maps) {
          const piece = map?.find(({ from, length }) => from <= below && below < from + length);
          below = (piece?.to ?? 0) + below - (piece?.from ?? 0);
        }
        const mine = segments.find(({ from, length }) => from <= byte && byte < from + length);
        assert.equal((mine?.to ?? 0) + byte - (mine?.from ?? 0), below);
      }
    }),
  );
});
