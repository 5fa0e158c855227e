// SPDX-License-Identifier: Apache-2.0
// Says at once which test fails and why, and leaves counts and seconds of each file in the file that P2V_TEST_RESULT names.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

export type Result = {
  /** By the file in which a test was made. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
};

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const seconds: Record<string, number> = {};
  const count = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of events) {
    if (type === "test:stderr" || type === "test:stdout") yield data.message;
    // An error that nobody awaited: the process fails by it, and no test does.
    if (type === "test:diagnostic" && /^(Error|Warning): /.test(data.message)) yield `${data.message}\n`;
    if ((type !== "test:pass" && type !== "test:fail") || data.nesting > 0) continue;
    const file = relative(".", data.file ?? "");
    seconds[file] = (seconds[file] ?? 0) + data.details.duration_ms / 1000;
    if (type === "test:fail") {
      count.failed += 1;
      const { error } = data.details;
      yield `FAILED ${file}:${data.line} ${data.name}\n${inspect(error.cause ?? error)}\n\n`;
    } else if (data.skip === undefined || data.skip === false) count.passed += 1;
    else count.skipped += 1;
  }
  const result = process.env["P2V_TEST_RESULT"];
  if (result !== undefined) writeFileSync(result, JSON.stringify({ seconds, ...count } satisfies Result));
}
