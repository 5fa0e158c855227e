// SPDX-License-Identifier: Apache-2.0
// What must be read again, against a naive model: an array with a mark for every byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../tests/support/laws.ts";
import { normalizeRanges, type Range } from "../core/index.ts";
import { findChanged } from "./changed.ts";

const SIZE = 64;
const ranges = fc
  .array(fc.tuple(fc.nat(SIZE), fc.nat(SIZE)), { maxLength: 8 })
  .map((pairs) => normalizeRanges(pairs.map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }))));
const has = (list: readonly Range[], at: number): boolean =>
  list.some(({ start, end }) => start <= at && at < end);

test("a byte is read again when it was written, or is used now and was not, or was and is not", (t) =>
  check(
    t,
    fc.property(ranges, ranges, ranges, (written, before, now) => {
      const changed = findChanged({ written, used: before }, now, SIZE);
      for (let at = 0; at < SIZE; at += 1)
        assert.equal(has(changed, at), has(written, at) || has(before, at) !== has(now, at), String(at));
      assert.deepEqual(changed, normalizeRanges(changed));
    }),
  ));
