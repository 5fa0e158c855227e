// SPDX-License-Identifier: Apache-2.0
// An error as a person reads it: what, on what, what to do, and its code; and as a script does. A bug keeps its stack.
import { EXIT_CODES, UserError } from "../../core/index.ts";
import { plain, renderJson } from "../text/plain.ts";
import { wrapLines } from "../text/wrap.ts";

/** `columns` of the terminal that shows it; default: nothing is broken. */
export function renderError(
  error: unknown,
  { columns = Number.POSITIVE_INFINITY }: { columns?: number } = {},
): string {
  if (error instanceof UserError)
    return wrapLines(plain(`virt-p2v: ${error.message}\n  ${error.advice} [${error.code}]\n`), columns);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const causes = reasonsOf(error).map((reason) => `  because: ${reason}\n`);
  return plain(`virt-p2v: a bug; please report it:\n${text}\n${causes.join("")}${HOW_TO_REPORT}`);
}

/** The last line of a job that prints a line of JSON for each event. */
export function renderErrorJson({ code, area, message, advice }: UserError): string {
  return `${renderJson({ type: "error", code, area, exitCode: EXIT_CODES[area], text: message, advice })}\n`;
}

const HOW_TO_REPORT = `  virt-p2v report-bug makes one archive of what is needed, without secrets.
  If it happens again with --trace FILE, the programs that were run are in it too.
`;

const MAX_REASONS = 8;

/** What lies behind an error: its cause; or, of one that came while things were put away, the first one and its own. */
function reasonsOf(error: unknown): readonly string[] {
  const reasons: string[] = [];
  const waiting: unknown[] = [error];
  for (let at = 0; at < waiting.length && reasons.length < MAX_REASONS; at += 1) {
    const one = waiting[at];
    if (!(one instanceof Error)) continue;
    if (at > 0 && !(one instanceof SuppressedError)) reasons.push(one.message);
    if (one instanceof SuppressedError) waiting.push(one.suppressed, one.error);
    else if (one.cause !== undefined) waiting.push(one.cause);
  }
  return reasons;
}
