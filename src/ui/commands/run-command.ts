// SPDX-License-Identifier: Apache-2.0
// Runs one command: with its trace, and kept as the last run for a bug report.
import { EXIT_CODES, UserError } from "../../core/index.ts";
import { beginRun, endRun } from "../last-run.ts";
import type { Given } from "../settings/index.ts";
import { COMMAND_RUNNERS } from "./index.ts";
import { withTrace } from "./with-trace.ts";

export async function runCommand(
  given: Given,
  { args, signal }: { args: readonly string[]; signal: AbortSignal },
): Promise<number> {
  const run = COMMAND_RUNNERS[given.command.name];
  if (given.command.name === "report-bug") return await run(given, { signal }); // it tells of another run
  const argv = ["virt-p2v", ...args];
  const path = given.one("trace");
  beginRun(argv, { trace: path });
  try {
    const code = await withTrace({ path, argv, signal }, () => run(given, { signal }));
    await endRun({ code, error: null });
    return code;
  } catch (error) {
    const caught: unknown = signal.aborted ? signal.reason : error;
    const area = caught instanceof UserError ? caught.area : null;
    if (area !== "usage") await endRun({ code: area === null ? 1 : EXIT_CODES[area], error: caught });
    throw error;
  }
}
