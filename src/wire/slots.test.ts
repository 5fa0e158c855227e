// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "./slots.ts";

test("Slots lets so many in at a time, in order", async () => {
  const slots = new Slots(2);
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  const work = async (i: number): Promise<void> => {
    await slots.take();
    order.push(i);
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    slots.give();
  };
  await Promise.all([0, 1, 2, 3, 4].map(work));
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

test("Slots.idle() waits for all that were taken", async () => {
  const slots = new Slots(2);
  await slots.take();
  let idle = false;
  const waiting = slots.idle().then(() => (idle = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(idle, false);
  slots.give();
  await waiting;
  await slots.take(); // and they are free again
});
