// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { lockFile } from "./lock-file.ts";
import { temporary } from "../../../tests/support/temporary.ts";

test("lockFile() has one holder at a time, and whoever waits can be told to stop", async (t) => {
  const directory = await temporary(t);
  const path = join(directory, "lock");
  const order: string[] = [];
  const first = await lockFile(path, new AbortController().signal);
  const second = lockFile(path, new AbortController().signal).then((lock) => {
    order.push("second holds");
    return lock;
  });
  const stop = new AbortController();
  const third = lockFile(path, stop.signal);
  stop.abort(new Error("not wanted"));
  await assert.rejects(third, /not wanted/);
  order.push("first lets go");
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  assert.deepEqual(order, ["first lets go", "second holds"]);
});
