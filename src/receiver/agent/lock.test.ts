// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { expectLock, lockDirectory } from "./lock.ts";
import { ReceiverProblem } from "../problem.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const busy = (error: unknown): boolean =>
  error instanceof ReceiverProblem && error.problem.code === "destination-busy";

test("lockDirectory() keeps a second job out until the first lets go", async (t) => {
  const path = await temporary(t);
  const first = await lockDirectory(path, "job-a");
  await assert.rejects(lockDirectory(path, "job-b"), busy);
  await expectLock(path, "job-a");
  await assert.rejects(expectLock(path, "job-b"), ReceiverProblem);
  await first[Symbol.asyncDispose]();
  await using second = await lockDirectory(path, "job-b");
  assert.deepEqual(await readdir(path), [".p2v-lock"]);
  assert.notEqual(second, first);
});

test("lockDirectory() takes over the lock of a dead process, of another boot, and a torn one", async (t) => {
  const path = await temporary(t);
  const lock = join(path, ".p2v-lock");
  const held = await lockDirectory(path, "job-a");
  const text = await readFile(lock, "utf8");
  await held[Symbol.asyncDispose]();
  const holder: Record<string, unknown> = JSON.parse(text);
  for (const stale of [
    JSON.stringify({ ...holder, pid: 2 ** 22 + 7 }),
    JSON.stringify({ ...holder, started: "1" }),
    JSON.stringify({ ...holder, boot: "another" }),
    text.slice(0, 20),
    "",
  ]) {
    await writeFile(lock, stale);
    const taken = await lockDirectory(path, "job-b");
    assert.equal(JSON.parse(await readFile(lock, "utf8")).job, "job-b");
    await taken[Symbol.asyncDispose]();
  }
});

test("lockDirectory() does not judge processes of another machine", async (t) => {
  const path = await temporary(t);
  const holder = { job: "a", pid: 1, started: "1", boot: "b", host: "another-machine" };
  await writeFile(join(path, ".p2v-lock"), JSON.stringify(holder));
  await assert.rejects(lockDirectory(path, "job-b"), busy);
});
