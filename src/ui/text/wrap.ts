// SPDX-License-Identifier: Apache-2.0
// Text broken at words, to the width of a terminal. A width of Infinity breaks nothing: text for files and pipes.
import { breakText, columnsOf } from "./columns.ts";

/** A paragraph in lines of at most `width` columns, `indent` of them blank; a longer word stands alone, and can be copied. */
export function wrap(
  text: string,
  { width = 80, indent = 0 }: { width?: number; indent?: number } = {},
): string {
  const words = text.split(/\s+/).join(" ");
  return breakText(words, width - indent, { longWords: "keep" })
    .map((line) => `${" ".repeat(indent)}${line}`)
    .join("\n");
}

/** What stands before the text of a line: blanks, the number or dash of a list. */
const LEAD = /^ *(?:\d+\. |- )?/;

/** Breaks only lines that are wider; what goes on is set in under the text of its line. Blanks within a line stay. */
export function wrapLines(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => (columnsOf(line) <= width ? [line] : wrapLine(line, width)))
    .join("\n");
}

function wrapLine(line: string, width: number): readonly string[] {
  const lead = LEAD.exec(line)?.[0] ?? "";
  const hang = lead.trim() === "" ? lead.length + 2 : lead.length;
  const lines: string[] = [];
  let current = lead;
  for (const [, blanks = "", word = ""] of line.slice(lead.length).matchAll(/( *)([^ ]+)/g)) {
    const isFirst = current.trim() === "" || current === lead;
    if (!isFirst && columnsOf(current) + blanks.length + columnsOf(word) > width) {
      lines.push(current);
      current = `${" ".repeat(hang)}${word}`;
    } else current += isFirst ? word : `${blanks}${word}`;
  }
  return [...lines, current];
}

/** What is said of something, by its head; without a head it is one more of the head before. */
export type Fact = readonly [head: string, text: string];

/** Columns of the heads: room for `Network card`, which is the longest. */
export const HEAD_COLUMNS = 13;
const HANG = 2;

/** Facts in lines; what goes on is set in under its beginning. */
export function factLines(facts: readonly Fact[], width: number): readonly string[] {
  return facts.flatMap(([head, text]) => {
    const [first = "", ...more] = breakText(text, width - HEAD_COLUMNS, { hang: HANG });
    const indent = " ".repeat(HEAD_COLUMNS + HANG);
    return [`${head.padEnd(HEAD_COLUMNS)}${first}`.trimEnd(), ...more.map((line) => `${indent}${line}`)];
  });
}
