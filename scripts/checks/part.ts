// SPDX-License-Identifier: Apache-2.0
// One part of `npm run ok` or `npm test`: a command, how it ended, and what it cost.
import { spawn } from "node:child_process";

export const NODE = "node_modules/.bin/node";

export type Part = {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** When its output is shown: as it comes, or all of it when the part failed. */
  readonly show: "at-once" | "when-failed";
};

export type Ended = {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Of all processes that the part waited for. */
  readonly cpuSeconds: number;
  /** What else is worth a column. */
  readonly remark: string;
};

/**
 * A shell's `times`: only a parent that waited knows what its children cost, and Node does not tell. Two hours are no
 * measure of speed: they end a test that hangs.
 */
const TIMED = 'timeout --foreground --kill-after=60 7200 "$@" 3>&-; code=$?; times >&3; exit $code';

export async function runPart({ name, argv, env = {}, show }: Part): Promise<Ended> {
  const begun = performance.now();
  const { NODE_TEST_CONTEXT: _, ...ours } = process.env; // Node runs no tests within tests, and says that all is well
  return await new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", TIMED, "sh", ...argv], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { ...ours, ...env },
    });
    let output = "";
    let times = "";
    const take = (bytes: Buffer): void => {
      if (show === "at-once") process.stdout.write(bytes);
      else output += bytes.toString();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.stdio[3]?.on("data", (bytes: Buffer) => (times += bytes.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0 && output !== "") console.log(`== ${name}\n${output}`);
      const seconds = (performance.now() - begun) / 1000;
      resolve({ name, ok: code === 0, seconds, cpuSeconds: parseTimes(times), remark: "" });
    });
  });
}

/** Both lines of `times`, the shell's and its children's: `0m1.23s 0m0.45s`. */
export function parseTimes(text: string): number {
  let seconds = 0;
  for (const [, minutes, rest] of text.matchAll(/(\d+)m([\d.]+)s/g))
    seconds += Number(minutes) * 60 + Number(rest);
  return seconds;
}

export function renderTable(parts: readonly Ended[]): string {
  const row = (state: string, name: string, seconds: string, cpu: string, remark: string): string =>
    `${state.padEnd(6)} ${name.padEnd(24)} ${seconds.padStart(8)} ${cpu.padStart(8)}  ${remark}`.trimEnd();
  const lines = parts.map(({ name, ok, seconds, cpuSeconds, remark }) =>
    row(ok ? "ok" : "FAILED", name, seconds.toFixed(1), cpuSeconds.toFixed(1), remark),
  );
  return [row("", "part", "seconds", "CPU", ""), ...lines].join("\n");
}

/** "" where all files ran. */
export const keptRemark = (kept: number, of: number): string =>
  kept === 0 ? "" : `${kept} of ${of} test files unchanged since they passed (--all runs them too)`;

/** What all of them took together, since `begun` (performance.now()). */
export function total(parts: readonly Ended[], begun: number): Ended {
  return {
    name: "all",
    ok: parts.every(({ ok }) => ok),
    seconds: (performance.now() - begun) / 1000,
    cpuSeconds: parts.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    remark: "",
  };
}
