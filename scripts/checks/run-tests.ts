// SPDX-License-Identifier: Apache-2.0
// Test files as one part of a run: how many tests there were, and how long each file took, for the next run's order.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPILED } from "./cache.ts";
import { keepSeconds } from "./order.ts";
import { type Ended, NODE, type Part, runPart } from "./part.ts";
import type { Result } from "./reporter.ts";

type Tests = Pick<Part, "name" | "show"> & {
  /** All in one process, or as many files side by side, each in a process of its own. */
  readonly how: "one-process" | number;
  readonly files: readonly string[];
};

const HERE = "scripts/checks";

/** `result` only where all ran to the end and, if all ran in it, the process ended well. */
export async function runTests({ how, files, ...part }: Tests): Promise<Ended & { result?: Result }> {
  const directory = await mkdtemp(join(tmpdir(), "p2v-checks-"));
  try {
    const path = join(directory, "result.json");
    const argv =
      how === "one-process"
        ? [NODE, `--test-reporter=./${HERE}/reporter.ts`, `${HERE}/in-one-process.ts`, ...files]
        : [NODE, `${HERE}/side-by-side.ts`, String(how), ...files];
    const ended = await runPart({ ...part, argv, env: { ...COMPILED, P2V_TEST_RESULT: path } });
    const text = await readFile(path, "utf8").catch(() => null);
    if (text === null) return { ...ended, ok: false, remark: "ended before its last test" };
    const result = JSON.parse(text) as Result;
    keepSeconds(result.seconds);
    const ok = ended.ok && result.failed === 0 && result.passed + result.skipped > 0;
    return {
      ...ended,
      ok,
      remark: remarkOf(result),
      ...(ended.ok || how !== "one-process" ? { result } : {}),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function remarkOf({ passed, failed, skipped }: Result): string {
  const words = [`${passed + failed} tests`];
  if (failed > 0) words.push(`${failed} failed`);
  if (skipped > 0) words.push(`${skipped} skipped`);
  return words.join(", ");
}
