// SPDX-License-Identifier: Apache-2.0
// npm test: the fast loop, then the tests on real block devices, as many files side by side as there are processors.
import { glob } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { orderedTests } from "./checks/order.ts";
import { type Ended, NODE, renderTable, runPart, total } from "./checks/part.ts";
import { builtProgram } from "./checks/program.ts";
import { runTests } from "./checks/run-tests.ts";

const begun = performance.now();
const show = "at-once";
const ended: Ended[] = [];
for (const part of [ok, block]) {
  ended.push(await part());
  if (ended.at(-1)?.ok !== true) break;
}
const all = total(ended, begun);
console.log(renderTable([...ended, all]));
process.exitCode = all.ok ? 0 : 1;

function ok(): Promise<Ended> {
  return runPart({ name: "npm run ok", argv: [NODE, "scripts/ok.ts", ...process.argv.slice(2)], show });
}

async function block(): Promise<Ended> {
  const { files, sources } = await orderedTests(await Array.fromAsync(glob("tests/block/**/*.test.ts")));
  process.env["P2V_TEST_PROGRAM"] = await builtProgram(sources);
  // One more than there are processors: a test often waits for a program, a disk or a guest.
  return await runTests({ name: "block tests", how: availableParallelism() + 1, files, show });
}
