// SPDX-License-Identifier: Apache-2.0
// npm run test:cases: every machine of tests/cases as a line of a table: what it is, what is right, and whether the plan says so.
import { globSync } from "node:fs";
import { basename, dirname } from "node:path";
import { run as runTests } from "node:test";
import { inspect } from "node:util";

const CASES = "tests/cases/*/case.test.ts";
const COLUMNS = 132;

/** With words behind the command: only cases whose names contain one of them. */
const wanted = process.argv.slice(2);
const files = globSync(CASES)
  .filter((path) => wanted.length === 0 || wanted.some((word) => basename(dirname(path)).includes(word)))
  .toSorted();

let failed = 0;
let passed = 0;
const failures: string[] = [];
const begun = performance.now();
for await (const { type, data } of runTests({ files, concurrency: 2, timeout: 600_000 })) {
  if (type === "test:stderr" || type === "test:stdout") process.stdout.write(data.message);
  if (type === "test:pass") {
    passed += 1;
    say("ok", data.name);
  }
  if (type === "test:fail") {
    failed += 1;
    const { error } = data.details;
    failures.push(`FAILED ${data.name}\n${inspect(error.cause ?? error)}\n`);
    say("FAILED", data.name);
  }
}
for (const failure of failures) console.log(`\n${failure}`);
const seconds = (performance.now() - begun) / 1000;
console.log(`${passed} of ${passed + failed} machines end as is right (${seconds.toFixed(0)} s)`);
if (failed > 0 || passed === 0) process.exitCode = 1;

function say(outcome: string, title: string): void {
  const [machine = "", right = ""] = title.split(". Right: ");
  const row = (text: string): string => (text.length > COLUMNS ? `${text.slice(0, COLUMNS - 3)}...` : text);
  console.log(`${row(`${outcome.padEnd(8)}${machine}`)}\n${row(`        right: ${right}`)}`);
}
