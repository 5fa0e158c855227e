// SPDX-License-Identifier: Apache-2.0
// What run() and the like leave in a trace. Another process is traced, since one that tests share has many programs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { waitFor } from "../../../lab/processes.ts";
import { temporary } from "../../../tests/support/temporary.ts";
import { run } from "../programs/run.ts";

const SYSTEM = JSON.stringify(new URL("../index.ts", import.meta.url).href);

const script = (path: string, body: string): readonly string[] => [
  "--input-type=module",
  "--eval",
  `const { run, startDaemon, startTrace } = await import(${SYSTEM});
   const trace = startTrace(${JSON.stringify(path)});
   ${body}`,
];

test("each program has a line with its end; what is not traced any more has none", async (t) => {
  const path = join(await temporary(t), "trace");
  const body = `
    await run(["sh", "-c", "exit 3"], { allowCodes: [3] });
    await run(["cat"], { input: "no secret of anybody" });
    await run(["sleep", "600"], { timeoutMs: 1 }).catch(() => undefined);
    await run(["sh", "-c", "kill -9 $$"]).catch(() => undefined);
    await run(["p2v-no-such-program"]).catch(() => undefined);
    await run(["true"], { isGuest: true, env: { A: "b" }, cwd: "/" });
    { await using daemon = await startDaemon(["sleep", "600"]); }
    trace[Symbol.dispose]();
    await run(["false"], { allowCodes: [1] });`;
  await run([process.execPath, ...script(path, body)]);
  const text = await readFile(path, "utf8");
  for (const wanted of [
    / \d+\.\d{3}s exit=3; sh -c 'exit 3'\n/,
    / exit=0 stdin=20B; cat\n/,
    / timeout=0.001s; sleep 600\n/,
    / signal=SIGKILL; sh -c 'kill -9 \$\$'\n/,
    / not-started=ENOENT; p2v-no-such-program\n/,
    / exit=0 guest; cd \/ && A=b true\n/,
    / begun=1; setpriv --pdeathsig TERM -- sleep 600\n/,
    / signal=SIGTERM begun=1; # sleep\n/,
  ])
    assert.match(text, wanted);
  assert.doesNotMatch(text, /nobody|anybody|false/);
});

test("killed while a program runs, the trace says what it waited for", async (t) => {
  const path = join(await temporary(t), "trace");
  const wait = "while kill -0 $PPID; do sleep 0.1; done"; // ends after us
  const child = spawn(process.execPath, script(path, `await run(["sh", "-c", ${JSON.stringify(wait)}])`), {
    stdio: "ignore",
  });
  const gone = once(child, "exit");
  const line = /begun=1; sh -c 'while kill -0 \$PPID; do sleep 0\.1; done'\n$/;
  const text = (): Promise<string> => readFile(path, "utf8").catch(() => "");
  await waitFor("the line", async () => line.test(await text()));
  child.kill("SIGKILL");
  await gone;
  assert.match(await text(), line);
});
