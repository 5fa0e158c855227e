// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromRanges, normalizeRanges, rangesOf } from "../core/index.ts";
import { cellCount } from "../wire/index.ts";
import { cellWork, splitRanges } from "./cells.ts";

const SIZE = 500;
const ranges = fc
  .array(fc.tuple(fc.nat(SIZE), fc.nat(SIZE)), { maxLength: 6 })
  .map((pairs) => normalizeRanges(pairs.map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }))));

test("cellWork() names every cell once, in order, and every data byte once", () => {
  fc.assert(
    fc.property(
      ranges,
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: SIZE }),
      (used, unit, size) => {
        const map = fromRanges(size, used, { kind: "data", rest: "unused" });
        const grid = { sizeBytes: size, segmentBytes: unit };
        let next = 0;
        const data: { start: number; end: number }[] = [];
        for (const work of cellWork(map, grid)) {
          assert.equal(work.kind === "zero" ? work.first : work.index, next);
          next = work.kind === "zero" ? work.last : work.index + 1;
          if (work.kind === "data") data.push(...work.data);
        }
        assert.equal(next, cellCount(grid));
        assert.deepEqual(normalizeRanges(data), rangesOf(map, "data"));
      },
    ),
  );
});

test("splitRanges() keeps every byte, once, and tells what the view may have changed", () => {
  fc.assert(
    fc.property(ranges, ranges, (asked, touched) => {
      const parts = splitRanges(asked, touched);
      const naive = (at: number): string =>
        asked.some((r) => r.start <= at && at < r.end)
          ? `${touched.some((r) => r.start <= at && at < r.end)}`
          : "-";
      for (let at = 0; at < SIZE; at += 1) {
        const hits = parts.filter(({ range }) => range.start <= at && at < range.end);
        assert.ok(hits.length <= 1);
        assert.equal(hits[0] === undefined ? "-" : `${hits[0].touched}`, naive(at));
      }
      assert.ok(parts.every(({ range }) => range.end > range.start));
    }),
  );
});
