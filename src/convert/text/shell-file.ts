// SPDX-License-Identifier: Apache-2.0
// Assignments in files that a shell reads (/etc/default/grub, initramfs.conf). Values are edited in place. Pure.
import { MAX_LINE, splitLines } from "./lines.ts";

const HEAD = /^([ \t]*(?:export[ \t]+)?)([A-Za-z_][A-Za-z0-9_]*)(\+?=)/;
/** Without quotes: up to a comment or the line's end. */
const BARE = /^([^"'`\\]*?)([ \t]*(?:[ \t]#.*)?\r?\n?)$/s;
const TAIL = /^[ \t]*(?:#[^\r\n]*)?\r?\n?$/;
/** A value may go on over lines; nobody writes longer ones. */
const MAX_LINES = 100;

type Assignment = {
  readonly name: string;
  readonly head: string;
  readonly quote: string;
  readonly value: string;
  readonly tail: string;
  /** Lines that it takes. */
  readonly lines: number;
};

/** Offers each assignment's value without its quotes; the answer is the new value, or null for no change. */
export function editAssignments(text: string, edit: (name: string, value: string) => string | null): string {
  const lines = splitLines(text);
  const out: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const found = assignmentAt(lines, at);
    const next = found === null ? null : edit(found.name, found.value);
    const end = at + (found?.lines ?? 1);
    if (found === null || next === null || next === found.value) out.push(...lines.slice(at, end));
    else {
      const quote = found.quote === "" && !/^[A-Za-z0-9_.,:=/+-]*$/.test(next) ? '"' : found.quote;
      out.push(`${found.head}${quote}${next}${quote}${found.tail}`);
    }
    at = end;
  }
  return out.join("");
}

/** null: none, or one of several parts (`"a"$b`), which is left alone. */
function assignmentAt(lines: readonly string[], at: number): Assignment | null {
  const first = lines[at] ?? "";
  const [head, , name = ""] = first.length > MAX_LINE ? [] : (HEAD.exec(first) ?? []);
  if (head === undefined) return null;
  const quote = first.charAt(head.length);
  if (quote !== '"' && quote !== "'") {
    const [, value, tail = ""] = BARE.exec(first.slice(head.length)) ?? [];
    return value === undefined ? null : { name, head, quote: "", value, tail, lines: 1 };
  }
  let text = first.slice(head.length + 1);
  let from = 0;
  for (let count = 1; count <= MAX_LINES; count += 1) {
    const end = closing(text, quote, from);
    if (end !== -1) {
      const tail = text.slice(end + 1);
      return TAIL.test(tail) ? { name, head, quote, value: text.slice(0, end), tail, lines: count } : null;
    }
    const more = lines[at + count];
    if (more === undefined || more.length > MAX_LINE) return null;
    from = text.length;
    text += more;
  }
  return null;
}

/** Where the quote closes; a backslash takes the next character with it, but not within single quotes. */
function closing(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === quote) return at;
    if (text[at] === "\\" && quote === '"') at += 1;
  }
  return -1;
}
