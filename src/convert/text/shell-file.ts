// SPDX-License-Identifier: Apache-2.0
// Assignments in files that a shell reads (/etc/default/grub, initramfs.conf). Values are edited in place. Pure.
import { mapLines, MAX_LINE } from "./lines.ts";

const ASSIGNMENT =
  /^([ \t]*(?:export[ \t]+)?)([A-Za-z_][A-Za-z0-9_]*)(\+?=)(.*?)([ \t]*(?:[ \t]#.*)?\r?\n?)$/s;

/** Offers each assignment's value without its quotes; the answer is the new value, or null for no change. */
export function editAssignments(text: string, edit: (name: string, value: string) => string | null): string {
  return mapLines(text, (line) => {
    const match = line.length > MAX_LINE ? null : ASSIGNMENT.exec(line);
    if (match === null) return line;
    const [, before = "", name = "", sign = "", raw = "", after = ""] = match;
    const quote = /^(["'])([\s\S]*)\1$/.exec(raw);
    const value = quote?.[2] ?? raw;
    const next = edit(name, value);
    if (next === null || next === value) return line;
    const mark = quote?.[1] ?? (/^[A-Za-z0-9_.,:=/+-]*$/.test(next) ? "" : '"');
    return `${before}${name}${sign}${mark}${next}${mark}${after}`;
  });
}
