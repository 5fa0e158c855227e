// SPDX-License-Identifier: Apache-2.0
// What a program complains of, as a part of a sentence for a person. Pure.

/** A line's end, an escape of a terminal, text that runs the other way: none of it is shown. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Control characters and the like become `?`. */
export function shown(text: string): string {
  return text.replaceAll(UNSHOWN, "?");
}

/** The last `lines` lines that hold something, as one; empty: it said nothing. */
export function lastWords(
  output: string,
  { lines = 2, maxChars = 300 }: { readonly lines?: number; readonly maxChars?: number } = {},
): string {
  const words = output
    .split(/\r?\n/)
    .map((line) => shown(line.trim()))
    .filter((line) => line !== "")
    .slice(-lines)
    .join(" | ");
  return words.slice(0, maxChars);
}
