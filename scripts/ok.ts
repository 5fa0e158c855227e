// SPDX-License-Identifier: Apache-2.0
// The fast loop: types, lint, format, unit and contract tests, side by side. Seconds, from source. `npm run ok -- --all` runs
// tests too that have passed as they are.
import { glob } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { COMPILED } from "./checks/cache.ts";
import { startsPrograms } from "./checks/imports.ts";
import { keysOf, readKept, surroundings, unchanged, worthKeeping, writeKept } from "./checks/kept.ts";
import { orderedTests, share } from "./checks/order.ts";
import { type Ended, keptRemark, NODE, type Part, renderTable, runPart, total } from "./checks/part.ts";
import { runTests } from "./checks/run-tests.ts";

const BIN = "node_modules/.bin";
const CHECKS: readonly Omit<Part, "show">[] = [
  { name: "lint", argv: [NODE, "scripts/checks/lint.ts"], env: COMPILED },
  // One thread: several would check again what they share, and the other parts want the cores too.
  {
    name: "types",
    argv: [`${BIN}/tsc`, "-p", ".", "--singleThreaded"],
    env: { GOGC: "off", GOMEMLIMIT: "2GiB" },
  },
  { name: "format", argv: [`${BIN}/biome`, "format", "."] },
];
const TESTS = ["{src,bench,scripts}/**/*.test.ts", "tests/{contract,golden}/**/*.test.ts"];

const begun = performance.now();
const { files, sources, seconds } = await orderedTests(await Array.fromAsync(glob(TESTS)));
const keys = keysOf(files, sources, surroundings(sources));
const before = process.argv.includes("--all") ? {} : readKept("tests");
const kept = new Set(unchanged(files, keys, before));
// To start a program, Node copies the page tables of all that it holds: 10 ms in a process that has run the other tests.
const [programs = [], others = []] = [true, false].map((starts) =>
  files.filter((file) => !kept.has(file) && startsPrograms(file, sources) === starts),
);
const lists = [...share(others, Math.max(2, availableParallelism() - 1), seconds), programs].filter(
  (list) => list.length > 0,
);
const show = "when-failed";
const runList = async (list: readonly string[], index: number): Promise<Ended> => {
  const name = `tests ${index + 1}`;
  const { result, ...ended } = await runTests({ name, how: "one-process", files: list, show });
  if (result !== undefined) for (const file of worthKeeping(list, result, sources)) kept.add(file);
  return ended;
};
const keptFiles = kept.size;
const ended = await Promise.all([
  ...CHECKS.map((check) => runPart({ ...check, show })),
  ...lists.map(runList),
]);
writeKept("tests", kept, keys);
const all = total(ended, begun);
console.log(renderTable([...ended, { ...all, remark: keptRemark(keptFiles, files.length) }]));
process.exitCode = all.ok ? 0 : 1;
