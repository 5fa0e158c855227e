// SPDX-License-Identifier: Apache-2.0
// Tests of what the benchmark counts and judges.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGroupSeconds, parseStatSeconds } from "./cpu.ts";
import { median, middle } from "./measure.ts";
import { judge } from "./targets.ts";

test("CPU seconds are those of the process and its ended children, whatever its name holds", () => {
  const stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 1 2 3 4 150 50 25 75 20 0 1 0 9 10";
  assert.equal(parseStatSeconds(stat), 3);
  assert.equal(parseGroupSeconds("usage_usec 2500000\nuser_usec 1\n"), 2.5);
  assert.equal(parseGroupSeconds("2500000000\n"), 2.5);
});

test("median(): the middle, or the mean of the two in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

const sample = { seconds: 8, cpuSeconds: 12, sentBytes: 700, occupiedBytes: 1000 };

test("middle() takes each median of its own; what is not known of one is not known", () => {
  const slow = { ...sample, seconds: 20, cpuSeconds: 11 };
  assert.deepEqual(middle("x", [sample, slow, sample]), { name: "x", rounds: 3, ...sample });
  assert.equal(middle("x", [sample, { ...sample, sentBytes: null }]).sentBytes, null);
});

test("judge() compares in the same run, and says nothing of what was not measured", () => {
  const ways = [
    middle("virt-p2v", [sample]),
    middle("partclone", [{ ...sample, seconds: 10, cpuSeconds: 10 }]),
    middle("dd", [{ ...sample, seconds: 80, sentBytes: null }]),
  ];
  const verdicts = judge({ ways, links: [], again: null, memory: null, writes: null });
  const met = Object.fromEntries(verdicts.map(({ what, met }) => [what, met]));
  assert.deepEqual(met, {
    "wall time, of partclone's": false,
    "CPU time, of partclone's": true,
    "bytes sent, of partclone's": true,
    "bytes occupied, of partclone's": true,
    "times faster than dd, ssh -C": false,
  });
});
