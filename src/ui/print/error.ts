// SPDX-License-Identifier: Apache-2.0
// An error as a person reads it: what, on what, and what to do. A bug keeps its stack.
import { UserError } from "../../core/index.ts";

/** Control characters may come from a guest or a remote host; a terminal must not obey them. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "?");
}

export function renderError(error: unknown): string {
  if (error instanceof UserError)
    return plain(`virt-p2v: ${error.message}\n${error.advice === "" ? "" : `  ${error.advice}\n`}`);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const causes: string[] = [];
  for (
    let cause = error instanceof Error ? error.cause : null;
    cause instanceof Error && causes.length < 5;
    cause = cause.cause
  )
    causes.push(`  because: ${cause.message}\n`);
  return plain(`virt-p2v: a bug; please report this text:\n${text}\n${causes.join("")}`);
}
