// SPDX-License-Identifier: Apache-2.0
// Text in columns of a terminal: how wide it is, broken at a width, with nothing in it that a terminal obeys.
import { shown } from "../../core/index.ts";

/** Labels and models come from disks: no control or formatting characters, and none whose width nobody knows; `ascii` replaces all but ASCII by `?`. */
export function printable(text: string, { ascii }: { ascii: boolean }): string {
  const clean = shown(text.toWellFormed()).replace(/[\p{Co}\p{Cn}]/gu, "?");
  return ascii ? clean.replace(/[^ -~]/gu, "?") : clean;
}

/** East Asian wide characters (Unicode TR 11) and emoji take two columns, combining marks none. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += charColumns(char);
  return columns;
}

const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u;

function charColumns(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^\p{M}$/u.test(char)) return 0;
  const isFull = (code >= 0x3000 && code <= 0x303e) || (code >= 0xff01 && code <= 0xff60);
  return isFull || WIDE.test(char) ? 2 : 1;
}

/** Fills with blanks up to `width`. */
export function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - columnsOf(text)));
}

export type Breaking = {
  /** Lines after the first are so much narrower: they will be set in. */
  readonly hang?: number;
  /** A word that is too long is broken too, or stands alone. */
  readonly longWords?: "break" | "keep";
};

/** Breaks at blanks, at least one line. */
export function breakText(
  text: string,
  width: number,
  { hang = 0, longWords = "break" }: Breaking = {},
): string[] {
  const words = text.split(" ");
  const lines: string[] = [];
  let line = "";
  const room = (): number => (lines.length === 0 ? width : width - hang);
  for (const word of longWords === "keep" ? words : words.flatMap((one) => pieces(one, width - hang))) {
    if (line !== "" && columnsOf(line) + 1 + columnsOf(word) > room()) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  const out: string[] = [];
  let piece = "";
  let columns = 0;
  for (const char of word) {
    const more = charColumns(char);
    if (columns + more > width && piece !== "") {
      out.push(piece);
      [piece, columns] = ["", 0];
    }
    piece += char;
    columns += more;
  }
  return [...out, piece];
}

/** At most `width` columns; what is cut ends in `mark`. */
export function cutTo(text: string, width: number, mark = "~"): string {
  if (columnsOf(text) <= width) return text;
  return `${pieces(text, Math.max(1, width - columnsOf(mark)))[0] ?? ""}${mark}`;
}
