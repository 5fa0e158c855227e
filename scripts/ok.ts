// SPDX-License-Identifier: Apache-2.0
// The fast loop: types, lint, format, unit and contract tests, side by side. Seconds, from source.
import { spawn } from "node:child_process";
import { glob } from "node:fs/promises";

const fast = await Array.fromAsync(
  glob(["src/**/*.test.ts", "bench/*.test.ts", "tests/{contract,golden}/**/*.test.ts"]),
);
const TEST = ["node", "--test", "--test-isolation=none", "--test-reporter=dot"];
const checks: readonly (readonly [string, readonly string[]])[] = [
  ["types", ["tsc", "-p", "."]],
  ["lint", ["oxlint", "--type-aware"]],
  ["format", ["biome", "format", "."]],
  ...halves(fast.toSorted()).map(([name, files]) => [name, [...TEST, ...files]] as const),
];

/** Two processes for all files, not one for each: starting Node takes longer than most of these tests. */
function halves(files: readonly string[]): readonly (readonly [string, readonly string[]])[] {
  return [0, 1].map((rest) => [`tests ${rest + 1}`, files.filter((_, index) => index % 2 === rest)] as const);
}

type Ended = { name: string; code: number | null; output: string; seconds: number };

function check(name: string, [program = "", ...args]: readonly string[]): Promise<Ended> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const child = spawn(`node_modules/.bin/${program}`, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (part) => (output += part));
    child.stderr.on("data", (part) => (output += part));
    child.on("close", (code) => resolve({ name, code, output, seconds: (performance.now() - begun) / 1000 }));
  });
}

const ended = await Promise.all(checks.map(([name, argv]) => check(name, argv)));
for (const { name, code, output, seconds } of ended) {
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(8)} ${seconds.toFixed(1)} s`);
  if (code !== 0) console.log(output);
}
process.exitCode = ended.every(({ code }) => code === 0) ? 0 : 1;
