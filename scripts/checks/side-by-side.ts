// SPDX-License-Identifier: Apache-2.0
// Test files side by side, each in a process of its own, in the order given: `side-by-side.ts HOW-MANY FILE...`.
// Node's own `--test` would sort them, and the longest could be the last to start.
import { run } from "node:test";
import report from "./reporter.ts";

const [many, ...files] = process.argv.slice(2);
// No test depends on how fast a machine is: this only ends one that hangs.
const tests = run({ files, concurrency: Number(many), timeout: 20 * 60_000 });
tests.on("test:fail", () => (process.exitCode = 1));
for await (const text of report(tests)) process.stdout.write(text);
