// SPDX-License-Identifier: Apache-2.0
// What every command gets, and how it talks: answers on stdout, progress on stderr.
import type { WriteStream } from "node:tty";
import { jsonPrinter, type Printer, textPrinter } from "../print/progress.ts";
import { plain, renderJson } from "../text/plain.ts";
import { wrapLines } from "../text/wrap.ts";
import type { Given } from "../settings/index.ts";

export type CommandRunner = (given: Given, context: { readonly signal: AbortSignal }) => Promise<number>;

/** A serial line may say that it has 0. */
const USUAL_COLUMNS = 80;
const LEAST_COLUMNS = 20;

/** Columns of a terminal; what goes elsewhere is not broken into lines. */
export function widthOf(stream: Pick<WriteStream, "isTTY" | "columns">): number {
  return stream.isTTY ? Math.max(LEAST_COLUMNS, stream.columns || USUAL_COLUMNS) : Number.POSITIVE_INFINITY;
}

/** Words of a guest or a host may be among the text: what a terminal would obey is left out. */
export function say(text: string): void {
  sayLines(wrapLines(text, widthOf(process.stdout)));
}

/** The same for lines that are broken already, or must not be: diffs, tables. */
export function sayLines(text: string): void {
  process.stdout.write(plain(text.endsWith("\n") ? text : `${text}\n`));
}

/** What a person must read before an answer: on stderr. */
export function tell(text: string): void {
  tellLines(wrapLines(text, widthOf(process.stderr)));
}

/** The same for lines that are broken already, or must not be. */
export function tellLines(text: string): void {
  process.stderr.write(plain(text.endsWith("\n") ? text : `${text}\n`));
}

export function sayJson(value: unknown): void {
  process.stdout.write(`${renderJson(value, 2)}\n`);
}

/** JSON lines go to stdout, where programs read; text for people goes to stderr, so that stdout stays an answer. */
export function makePrinter({ json, verbose = false }: { json: boolean; verbose?: boolean }): Printer {
  if (json) return jsonPrinter((text) => void process.stdout.write(text));
  return textPrinter({
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    get columns() {
      return widthOf(process.stderr);
    },
    verbose,
  });
}

/** Progress of commands that only look: silent. */
export const silent: Printer = { emit: () => undefined, close: () => undefined };
