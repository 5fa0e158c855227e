// SPDX-License-Identifier: Apache-2.0
// What every command gets, and how it talks: answers on stdout, progress on stderr.
import { createInterface } from "node:readline/promises";
import { UserError } from "../../core/index.ts";
import { jsonPrinter, type Printer, textPrinter } from "../print/progress.ts";
import { plain, renderJson } from "../text/plain.ts";
import type { Given } from "../settings/index.ts";

export type CommandRunner = (given: Given, context: { readonly signal: AbortSignal }) => Promise<number>;

/** Words of a guest or a host may be among the text: what a terminal would obey is left out. */
export function say(text: string): void {
  process.stdout.write(plain(text.endsWith("\n") ? text : `${text}\n`));
}

/** What a person must read before an answer: on stderr. */
export function tell(text: string): void {
  process.stderr.write(plain(text));
}

export function sayJson(value: unknown): void {
  process.stdout.write(`${renderJson(value, 2)}\n`);
}

/** JSON lines go to stdout, where programs read; text for people goes to stderr, so that stdout stays an answer. */
export function makePrinter({ json }: { json: boolean }): Printer {
  if (json) return jsonPrinter((text) => void process.stdout.write(text));
  return textPrinter({
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    get columns() {
      return process.stderr.columns ?? 80;
    },
  });
}

/** Progress of commands that only look: silent. */
export const silent: Printer = { emit: () => undefined, close: () => undefined };

/** Asks on the terminal; without one there is nobody to ask. */
export async function askYes(question: string, signal: AbortSignal): Promise<boolean> {
  if (process.stdin.isTTY !== true)
    throw new UserError("nobody-to-ask", "There is no terminal to ask on", {
      advice: "Add --yes to begin without asking",
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
