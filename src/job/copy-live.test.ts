// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { isWorthAnother } from "./copy-live.ts";

const now = new Date("2026-11-30T22:00:00Z");
const worth = (seconds: readonly number[], endsAt: Date | null = null, sentBytes = 1): boolean =>
  isWorthAnother(
    seconds.map((one) => ({ seconds: one, sentBytes })),
    { now, endsAt },
  );

test("another pass is worth it while passes get shorter, something changes, and time is left", () => {
  assert.ok(worth([100]));
  assert.ok(worth([100, 50]));
  assert.ok(!worth([100, 50, 45]));
  assert.ok(!worth([100, 120]));
  assert.ok(!worth([100, 50], null, 0));
  assert.ok(worth([100, 50], new Date(now.getTime() + 51_000)));
  assert.ok(!worth([100, 50], new Date(now.getTime() + 49_000)));
});
