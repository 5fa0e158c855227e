// SPDX-License-Identifier: Apache-2.0
// --trace FILE: while a command runs, each program that it starts is recorded, and the command itself.
import { EXIT_CODES, UserError } from "../../core/index.ts";
import { startTrace, traceProgram } from "../../system/index.ts";
import { tell } from "./context.ts";

type Options = {
  /** null: this one records nothing. */
  readonly path: string | null;
  /** The command, for its own line. */
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
};

export async function withTrace(
  { path, argv, signal }: Options,
  act: () => Promise<number>,
): Promise<number> {
  if (path === null) return await act();
  using trace = startTrace(path);
  const command = traceProgram({ argv }, { long: true });
  try {
    const code = await act();
    command.ended({ kind: "exit", code });
    return code;
  } catch (error) {
    const caught: unknown = signal.aborted ? signal.reason : error;
    command.ended({ kind: "exit", code: caught instanceof UserError ? EXIT_CODES[caught.area] : 1 });
    throw error;
  } finally {
    if (trace.trouble !== null) tell(`The trace ${path} is not complete: ${trace.trouble}\n`);
  }
}
