// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../core/index.ts";
import { quoteWord } from "./quote.ts";
import { RunError, run } from "./run.ts";

test("run() gives both streams and fixes the locale", async () => {
  const { stdout, stderr } = await run(["sh", "-c", "echo $LC_ALL; echo err >&2"]);
  assert.equal(stdout, "C\n");
  assert.equal(stderr, "err\n");
});

test("run() closes stdin unless input is given", async () => {
  assert.equal((await run(["cat"])).stdout, "");
  assert.equal((await run(["cat"], { input: "hello" })).stdout, "hello");
});

test("run() throws RunError with the last words, and lets named codes pass", async () => {
  await assert.rejects(run(["sh", "-c", "echo no luck >&2; exit 3"]), (error) => {
    assert.ok(error instanceof RunError);
    assert.equal(error.code, 3);
    assert.match(error.message, /exit code 3: no luck/);
    return true;
  });
  assert.equal((await run(["sh", "-c", "exit 3"], { allowCodes: [3] })).code, 3);
});

test("run() kills what runs out of time", async () => {
  await assert.rejects(run(["sleep", "30"], { timeoutMs: 50 }), /ran out of time/);
});

test("run() ends the program when aborted and throws the reason", async () => {
  const abort = new AbortController();
  const running = run(["sleep", "30"], { signal: abort.signal });
  abort.abort(new Error("stop"));
  await assert.rejects(running, /stop/);
});

test("run() names the package of a program that is not installed", async () => {
  await assert.rejects(run(["p2v-no-such-program"]), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.code, "program-missing");
    return true;
  });
});

test("run() bounds what a program may print", async () => {
  await assert.rejects(run(["yes"], { maxOutputBytes: 1000 }), RangeError);
});

test("quoteWord() survives a shell", async () => {
  for (const word of ["plain", "a b", "it's", "$HOME", "a;b", "", "`id`", "new\nline"]) {
    assert.equal((await run(["sh", "-c", `printf %s ${quoteWord(word)}`])).stdout, word);
  }
});
