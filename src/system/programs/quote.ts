// SPDX-License-Identifier: Apache-2.0
// Words and commands as a shell reads them. Pure.
import { shown } from "../../core/index.ts";

/** The command as it could be pasted into a shell. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quoteWord).join(" ");
}

/** One word, safe for a POSIX shell. */
export function quoteWord(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** One word on one line, also with newlines in it: then as bash, ksh, zsh and busybox read it ($'...'). */
export function quoteOnOneLine(word: string): string {
  if (shown(word) === word) return quoteWord(word);
  const escaped = Array.from(word, (letter) => {
    if (letter === "\n") return "\\n";
    if (letter === "\t") return "\\t";
    if (letter === "'" || letter === "\\") return `\\${letter}`;
    return shown(letter) !== letter ? Array.from(Buffer.from(letter), escapeByte).join("") : letter;
  });
  return `$'${escaped.join("")}'`;
}

/** Three octal digits: what follows cannot be taken for a part of it. */
const escapeByte = (byte: number): string => `\\${byte.toString(8).padStart(3, "0")}`;
