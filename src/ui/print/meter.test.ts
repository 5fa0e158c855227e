// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter } from "./meter.ts";

test("Meter tells no rate before it has seen half a second", () => {
  const meter = new Meter();
  meter.add(0, 0);
  meter.add(400, 1000);
  assert.deepEqual(meter.read(10_000), { bytesPerSecond: null, secondsLeft: null });
});

test("Meter tells the rate of the last window, not of the whole run", () => {
  const meter = new Meter({ windowMs: 2000 });
  for (let second = 0; second <= 10; second += 1) meter.add(second * 1000, second * 100);
  for (let second = 11; second <= 14; second += 1) meter.add(second * 1000, 1000 + (second - 10) * 500);
  assert.deepEqual(meter.read(4000), { bytesPerSecond: 500, secondsLeft: 2 });
});

test("Meter knows no end while nothing moves", () => {
  const meter = new Meter();
  meter.add(0, 500);
  meter.add(5000, 500);
  assert.deepEqual(meter.read(1000), { bytesPerSecond: 0, secondsLeft: null });
});
