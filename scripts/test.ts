// SPDX-License-Identifier: Apache-2.0
// npm test: the fast loop, then the tests on real block devices, as many files side by side as there are processors. `npm test -- --all`
// runs tests too that have passed as they are.
import { glob } from "node:fs/promises";
import { availableParallelism } from "node:os";
import {
  bootId,
  machineKeysOf,
  readKept,
  surroundings,
  unchanged,
  worthKeeping,
  writeKept,
} from "./checks/kept.ts";
import { orderedTests } from "./checks/order.ts";
import { type Ended, keptRemark, NODE, renderTable, runPart, total } from "./checks/part.ts";
import { builtProgram, PROGRAM_SOURCES } from "./checks/program.ts";
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
  const keys = machineKeysOf(files, sources, {
    around: surroundings(sources),
    boot: bootId(),
    program: PROGRAM_SOURCES,
  });
  const before = process.argv.includes("--all") ? {} : readKept("block-tests");
  const kept = new Set(unchanged(files, keys, before));
  const remark = keptRemark(kept.size, files.length);
  const name = "block tests";
  if (kept.size === files.length) return { name, ok: true, seconds: 0, cpuSeconds: 0, remark };
  process.env["P2V_TEST_PROGRAM"] = await builtProgram(sources);
  // One more than there are processors: a test often waits for a program, a disk or a guest.
  const how = availableParallelism() + 1;
  const changed = files.filter((file) => !kept.has(file));
  const { result, ...ended } = await runTests({ name, how, files: changed, show });
  if (result !== undefined) for (const file of worthKeeping(changed, result, sources)) kept.add(file);
  writeKept("block-tests", kept, keys);
  return remark === "" ? ended : { ...ended, remark: `${ended.remark}, ${remark}` };
}
