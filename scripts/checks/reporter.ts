// SPDX-License-Identifier: Apache-2.0
// Says at once which test fails and why, and leaves counts and seconds of each file in the file that P2V_TEST_RESULT names.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";
import { beyond } from "./beyond.ts";

type Count = { readonly passed: number; readonly failed: number; readonly skipped: number };

export type Result = Count & {
  /** By the file in which a test was made. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, Count>>;
  /** As `watched.ts` noted it, where all ran in one process. */
  readonly beyond: readonly string[];
};

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const seconds: Record<string, number> = {};
  const counts: Record<string, Count> = {};
  const count = (file: string, kind: keyof Count): void => {
    const before = counts[file] ?? NONE;
    counts[file] = { ...before, [kind]: before[kind] + 1 };
  };
  for await (const { type, data } of events) {
    if (type === "test:stderr" || type === "test:stdout") yield data.message;
    // An error that nobody awaited: the process fails by it, and no test does.
    if (type === "test:diagnostic" && /^(Error|Warning): /.test(data.message)) yield `${data.message}\n`;
    if ((type !== "test:pass" && type !== "test:fail") || data.nesting > 0) continue;
    const file = relative(".", data.file ?? "");
    seconds[file] = (seconds[file] ?? 0) + data.details.duration_ms / 1000;
    if (type === "test:fail") {
      count(file, "failed");
      const { error } = data.details;
      yield `FAILED ${file}:${data.line} ${data.name}\n${inspect(error.cause ?? error)}\n\n`;
    } else count(file, data.skip === undefined || data.skip === false ? "passed" : "skipped");
  }
  const path = process.env["P2V_TEST_RESULT"];
  if (path === undefined) return;
  const result: Result = { ...sum(Object.values(counts)), seconds, counts, beyond: [...beyond] };
  writeFileSync(path, JSON.stringify(result));
}

const NONE: Count = { passed: 0, failed: 0, skipped: 0 };

const sum = (counts: readonly Count[]): Count =>
  counts.reduce(
    (all, { passed, failed, skipped }) => ({
      passed: all.passed + passed,
      failed: all.failed + failed,
      skipped: all.skipped + skipped,
    }),
    NONE,
  );
