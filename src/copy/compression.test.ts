// SPDX-License-Identifier: Apache-2.0
// Tests of how the level of compression is chosen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Compression, nextLevel } from "./compression.ts";

test("a slow link makes it harder, as long as cores are idle", () => {
  assert.equal(nextLevel(1, { linkShare: 0.9, idleShare: 0.8 }), 2);
  assert.equal(nextLevel(1, { linkShare: 0.9, idleShare: 0.1 }), 1);
  assert.equal(nextLevel(9, { linkShare: 1, idleShare: 1 }), 9);
  assert.equal(nextLevel(4, { linkShare: 1, idleShare: 1 }, 4), 4);
});

test("busy cores make it easier, unless the link is what is waited for; never below 1", () => {
  assert.equal(nextLevel(3, { linkShare: 0.1, idleShare: 0 }), 2);
  assert.equal(nextLevel(3, { linkShare: 0.9, idleShare: 0 }), 3);
  assert.equal(nextLevel(1, { linkShare: 0, idleShare: 0 }), 1);
});

test("a steady load finds a level and stays there", () => {
  // Of 2 cores each level takes so much (zstd, seconds a GiB, scaled to a link of 100 MB/s).
  const seconds = [0, 0.12, 0.14, 0.2, 0.25, 0.36, 0.47, 0.55, 0.7, 0.9];
  let level = 1;
  const seen: number[] = [];
  for (let i = 0; i < 50; i += 1) {
    const idleShare = Math.max(0, 0.8 - (seconds[level] ?? 1));
    level = nextLevel(level, { linkShare: idleShare > 0 ? 0.8 : 0.1, idleShare });
    seen.push(level);
  }
  assert.equal(new Set(seen.slice(-20)).size, 1, `levels ${seen.join(" ")}`);
  assert.ok(level > 4);
});

test("what the user said stays, whatever the load", () => {
  for (const [compress, level] of [
    ["none", null],
    [19, 19],
    ["auto", 1],
  ] as const) {
    const compression = new Compression(compress);
    compression.count({ workMs: 1, linkMs: 1e6 });
    assert.equal(compression.level, level);
  }
});
