// SPDX-License-Identifier: Apache-2.0
// Tests of what the benchmark counts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { median, parseCpuSeconds } from "./measure.ts";

test("CPU seconds are those of the process and its ended children, whatever its name holds", () => {
  const stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 1 2 3 4 150 50 25 75 20 0 1 0 9 10";
  assert.equal(parseCpuSeconds(stat), 3);
});

test("median(): the middle, or the mean of the two in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});
