// SPDX-License-Identifier: Apache-2.0
// Sets of ranges are sets of bytes.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../../tests/support/laws.ts";
import { checkBytes, complement, intersect, normalizeRanges, type Range, sumBytes } from "./range.ts";

const range = fc
  .record({ start: fc.nat(60), length: fc.nat(20) })
  .map(({ start, length }): Range => ({ start, end: start + length }));
const sets = fc.array(range, { maxLength: 12 });

function bytes(ranges: readonly Range[]): ReadonlySet<number> {
  return new Set(
    ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
  );
}

function assertNormal(ranges: readonly Range[]): void {
  let at = -1;
  for (const { start, end } of ranges) {
    assert.ok(start > at && end > start, "sorted, not empty, not touching");
    at = end;
  }
}

test("normalizeRanges() keeps the bytes and is idempotent", (t) =>
  check(
    t,
    fc.property(sets, (set) => {
      const normal = normalizeRanges(set);
      assertNormal(normal);
      assert.deepEqual(bytes(normal), new Set([...bytes(set)].toSorted((a, b) => a - b)));
      assert.deepEqual(normalizeRanges(normal), normal);
      assert.equal(sumBytes(normal), bytes(set).size);
    }),
  ));

test("normalizeRanges() changes no range that it was given", () => {
  const given = [
    { start: 5, end: 9 },
    { start: 0, end: 6 },
  ];
  normalizeRanges(given);
  assert.deepEqual(given, [
    { start: 5, end: 9 },
    { start: 0, end: 6 },
  ]);
});

test("complement() is what is left, and twice is the set itself", (t) =>
  check(
    t,
    fc.property(sets, range, (set, within) => {
      const normal = normalizeRanges(set);
      const left = complement(normal, within);
      assertNormal(left);
      assert.deepEqual(bytes(left), new Set([...bytes([within])].filter((at) => !bytes(set).has(at))));
      assert.deepEqual(complement(left, within), intersect(normal, normalizeRanges([within])));
    }),
  ));

test("intersect() has the bytes of both, whichever is first", (t) =>
  check(
    t,
    fc.property(sets, sets, (a, b) => {
      const both = intersect(normalizeRanges(a), normalizeRanges(b));
      assertNormal(both);
      assert.deepEqual(
        [...bytes(both)],
        [...bytes(a)].filter((at) => bytes(b).has(at)).toSorted((x, y) => x - y),
      );
      assert.deepEqual(intersect(normalizeRanges(b), normalizeRanges(a)), both);
    }),
  ));

test("checkBytes() takes safe integers of at least 0 only", (t) =>
  check(
    t,
    fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeNat()), (value) => {
      if (Number.isSafeInteger(value) && value >= 0) assert.equal(checkBytes(value, "Size"), value);
      else assert.throws(() => checkBytes(value, "Size"), RangeError);
    }),
  ));
