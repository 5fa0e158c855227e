// SPDX-License-Identifier: Apache-2.0
// Text of a guest, a disk, a host or a program, made fit to be shown to a person. Pure.

/** What a terminal obeys, a line ends at, or turns the direction of writing. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const UNSHOWN_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

type Showing = {
  /** What stands in the place of such a character. */
  readonly by?: string;
  /** Line feeds and tabs stay. */
  readonly lines?: boolean;
};

/** Control characters and the like become `?`. */
export function shown(text: string, { by = "?", lines = false }: Showing = {}): string {
  return text.replaceAll(lines ? UNSHOWN_BUT_LINES : UNSHOWN, by);
}

export const hasControls = (text: string): boolean => /\p{Cc}/u.test(text);

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
