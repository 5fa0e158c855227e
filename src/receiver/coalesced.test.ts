// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesced } from "./coalesced.ts";

test("coalesced() runs once for all who call meanwhile, and always begins after the call", async () => {
  let begun = 0;
  const waiting: (() => void)[] = [];
  const sync = coalesced(async () => {
    begun += 1;
    await new Promise<void>((resolve) => waiting.push(resolve));
  });
  const first = sync();
  const others = [sync(), sync(), sync()];
  assert.equal(begun, 1);
  waiting.shift()?.();
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(begun, 2, "the three share one more run");
  waiting.shift()?.();
  await Promise.all(others);
  const later = sync();
  assert.equal(begun, 3);
  waiting.shift()?.();
  await later;
});

test("coalesced() tells each caller of its own run's failure, and runs again", async () => {
  let runs = 0;
  const sync = coalesced(() => {
    runs += 1;
    return runs === 1 ? Promise.reject(new Error("disk")) : Promise.resolve();
  });
  const [first, second] = await Promise.allSettled([sync(), sync()]);
  assert.equal(first.status, "rejected");
  assert.equal(second.status, "fulfilled");
});
