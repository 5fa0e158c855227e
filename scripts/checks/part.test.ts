// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parseTimes, renderTable, runPart, total } from "./part.ts";
import { runTests } from "./run-tests.ts";
import { temporary } from "../../tests/support/temporary.ts";

const quiet = (t: TestContext): (() => string) => {
  const { mock } = t.mock.method(console, "log", () => undefined);
  return () => mock.calls.map(({ arguments: words }) => words.join(" ")).join("\n");
};

test("runPart() tells how a command ended, and what all its processes cost", async (t) => {
  const said = quiet(t);
  const busy = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done";
  const good = await runPart({ name: "good", argv: ["sh", "-c", `(${busy}); echo x`], show: "when-failed" });
  assert.equal(good.ok, true);
  assert.ok(good.cpuSeconds > 0);
  assert.equal(said(), "");
  const bad = await runPart({ name: "bad", argv: ["sh", "-c", "echo why >&2; exit 3"], show: "when-failed" });
  assert.equal(bad.ok, false);
  assert.match(said(), /== bad\nwhy/);
  const none = await runPart({ name: "none", argv: ["p2v-no-such-program"], show: "when-failed" });
  assert.equal(none.ok, false);
});

test("parseTimes() adds the shell's seconds and its children's, in user mode and in the kernel", () => {
  assert.equal(parseTimes("0m0.250000s 0m0.500000s\n1m2.000000s 0m1.250000s\n"), 64);
});

test("a table has a line for each part, and failed when one part did", () => {
  const part = (name: string, ok: boolean) => ({ name, ok, seconds: 1, cpuSeconds: 2, remark: "3 tests" });
  const parts = [part("types", true), part("lint", false)];
  const table = renderTable([...parts, total(parts, performance.now())]);
  assert.match(table, /^ok +types +1\.0 +2\.0 {2}3 tests$/m);
  assert.match(table, /^FAILED lint /m);
  assert.match(table, /^FAILED all +0\.0 +4\.0$/m);
});

const IMPORT = 'import { suite, test } from "node:test"';
/** A test that is over before its promise is rejected, and one that still runs then. */
const STRAY = `${IMPORT};
test("a", () => { setTimeout(() => { Promise.reject(new Error("nobody awaits this")); }, 1); });
test("b", () => new Promise((resolve) => setTimeout(resolve, 100)));`;
const SUITE = `${IMPORT};
let open = 0;
suite("s", { concurrency: 2 }, () => {
  for (const name of ["a", "b"])
    test(name, async () => {
      open += 1;
      while (open < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    });
});`;

test("runTests() fails for a test that fails, a file that cannot be read, and a process that ends early", async (t) => {
  const directory = await temporary(t);
  const said = quiet(t);
  const ok = 'import { test } from "node:test"; test("holds", () => undefined);';
  for (const [name, text, remark] of [
    ["passes", ok, /^1 tests$/],
    ["fails", `${ok} test("breaks", () => { throw new Error("broken here"); });`, /^2 tests, 1 failed$/],
    ["skips", `${ok} test("later", { skip: true }, () => undefined);`, /^1 tests, 1 skipped$/],
    ["strays", STRAY, /^[23] tests/],
    ["nests", SUITE, /^1 tests$/],
    ["throws", `${ok} throw new Error("not even loaded");`, /^1 tests$|failed|ended before/],
    ["leaves", `${ok} process.exit(0);`, /ended before/],
  ] as const)
    for (const how of ["one-process", 2] as const) {
      if (name === "leaves" && how === 2) continue; // Node takes that for an end like any other
      const file = join(directory, `${name}.test.mjs`);
      await writeFile(file, text);
      const ended = await runTests({ name, how, files: [file], show: "when-failed" });
      assert.equal(ended.ok, ["passes", "skips", "nests"].includes(name), `${name}, ${how}: ${ended.remark}`);
      assert.match(ended.remark, remark, `${name}, ${how}`);
    }
  assert.match(said(), /broken here/);
  assert.match(said(), /nobody awaits this/);
});
