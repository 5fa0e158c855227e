// SPDX-License-Identifier: Apache-2.0
// The laws of a sample: inside the ranges, as many and as much as is promised, and all of what is small.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../../tests/support/laws.ts";
import { intersect, normalizeRanges, sumBytes } from "../../core/index.ts";
import { choosePieces, pieceBytesFor } from "./sample.ts";

const MIB = 2 ** 20;
const ranges = fc
  .array(fc.tuple(fc.nat(2 ** 28), fc.integer({ min: 1, max: 2 ** 22 })), { minLength: 1, maxLength: 30 })
  .map((list) =>
    normalizeRanges(list.map(([start, length]) => ({ start: start * 4096, end: (start + length) * 4096 }))),
  );

test("pieces lie in the ranges, no two at one place, 10,000 and 1 % of them, or all", (t) =>
  check(
    t,
    fc.property(ranges, fc.integer(), (list, seed) => {
      let state = seed >>> 0;
      const random = (): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
      };
      const pieces = choosePieces(list, { cellBytes: 4 * MIB, random });
      const sorted = normalizeRanges(pieces);
      assert.equal(sumBytes(sorted), sumBytes(pieces));
      assert.equal(sumBytes(intersect(sorted, list)), sumBytes(pieces));
      const total = sumBytes(list);
      const pieceBytes = pieceBytesFor(total, 4 * MIB);
      assert.ok(pieces.length >= Math.min(10_000, Math.floor(total / pieceBytes)), String(pieces.length));
      // Pieces at the ends of a range are cut.
      assert.ok(sumBytes(pieces) >= Math.min(total, total * 0.01 - 2 * list.length * pieceBytes) * 0.9);
    }),
    { runs: 60 },
  ));

test("a piece is between 4 KiB and a cell", () => {
  assert.equal(pieceBytesFor(MIB, MIB), 4096);
  assert.equal(pieceBytesFor(8 * 2 ** 30, 4 * MIB), 8192);
  assert.equal(pieceBytesFor(2 * 2 ** 40, 4 * MIB), 2 * MIB);
  assert.equal(pieceBytesFor(64 * 2 ** 40, 4 * MIB), 4 * MIB);
});
