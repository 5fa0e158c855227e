// SPDX-License-Identifier: Apache-2.0
// Wall and CPU seconds of a copy of the demo machine's disk over ssh on this machine, ours and others', in one run.
// Usage: npm run bench -- [--rounds N] [--ways a,b] [--parts ways,links,again,memory,writes] [--json] [--chart FILE]
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "../src/system/index.ts";
import { startSshd } from "../lab/sshd.ts";
import { measureAgain } from "./again.ts";
import { renderChart } from "./chart.ts";
import { openCpuMeter } from "./cpu.ts";
import { measureLinks } from "./links.ts";
import { measureMemory } from "./memory.ts";
import { renderResults } from "./render.ts";
import { openScene, serverPid } from "./scene.ts";
import { judge, type Results } from "./targets.ts";
import { measureWrites } from "./writes.ts";
import { measureWays, WAY_NAMES, waysOf } from "./ways.ts";

const PARTS = ["ways", "links", "again", "memory", "writes"] as const;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    ways: { type: "string", default: WAY_NAMES.join(",") },
    parts: { type: "string", default: PARTS.join(",") },
    json: { type: "boolean", default: false },
    chart: { type: "string" },
  },
});
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error("--rounds wants a number from 1");
const parts = chosen("--parts", values.parts, PARTS);
const names = chosen("--ways", values.ways, WAY_NAMES);

/** The names of a list, each one of those that exist. */
function chosen(flag: string, list: string, all: readonly string[]): string[] {
  const given = list.split(",");
  const wrong = given.find((one) => !all.includes(one));
  if (wrong !== undefined) throw new Error(`${flag}: ${wrong} is none of ${all.join(", ")}`);
  return given;
}

const say = (text: string): void => void process.stderr.write(`  ${text}\n`);
const { signal } = new AbortController();
await run(["sh", join(import.meta.dirname, "../scripts/setup.sh"), "bench"], { timeoutMs: 600_000 });
await using scene = await openScene(signal);
await using sshd = await startSshd();
const wanted = (part: (typeof PARTS)[number]): boolean => parts.includes(part);

const results: { -readonly [K in keyof Results]: Results[K] } = {
  ways: [],
  links: [],
  again: null,
  memory: null,
  writes: null,
};
let cpuBy = "";
if (wanted("ways")) {
  await using meter = await openCpuMeter(await serverPid(sshd));
  cpuBy = meter.how;
  results.ways = await measureWays(await waysOf(scene, sshd, names), { rounds, scene, meter, say });
}
if (wanted("again")) results.again = await measureAgain(scene, sshd, { rounds, say });
if (wanted("links")) {
  results.zstd3Bytes = await scene.packedBytes(3);
  results.links = await measureLinks(scene, { rounds, say });
}
if (wanted("memory")) results.memory = await measureMemory(scene, sshd, say);
if (wanted("writes")) results.writes = await measureWrites(sshd, { say, signal });

const machine = `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, both ends on it`;
const verdicts = judge(results);
if (values.json)
  process.stdout.write(`${JSON.stringify({ machine, rounds, ...results, verdicts }, null, 2)}\n`);
else {
  const load = loadavg().map((one) => one.toFixed(1));
  process.stdout.write(
    `${machine}; page cache warm; medians; CPU seconds by ${cpuBy || "nobody"}; load ${load.join(" ")}\n\n${renderResults(results, verdicts)}\n`,
  );
}
const complete = wanted("ways") && names.length === WAY_NAMES.length;
const chart = values.chart ?? (complete ? join(import.meta.dirname, "chart.svg") : null);
if (chart !== null) await writeFile(chart, renderChart(results.ways, machine));
