// SPDX-License-Identifier: Apache-2.0
// Files of sections and keys (systemd units, NetworkManager keyfiles): values are changed in place. Pure.
import { MAX_LINE, splitLines } from "./lines.ts";

export type Entry = { readonly section: string; readonly key: string; readonly value: string };

/** What becomes of a line: a new value, a whole new line, or null for no change. */
export type EntryEdit = (entry: Entry, line: string) => { value: string } | { line: string } | null;

const ENTRY = /^([ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)[ \t]*=[ \t]*)(.*?)([ \t]*\r?\n?)$/s;

/** Keys and sections as they are written; comments (`#`, `;`), unknown lines and all blanks stay. */
export function editSections(text: string, edit: EntryEdit): string {
  let section = "";
  return splitLines(text)
    .map((line) => {
      if (line.length > MAX_LINE) return line;
      const header = /^[ \t]*\[([^\]]*)\][ \t]*\r?\n?$/.exec(line);
      if (header !== null) section = header[1] ?? "";
      const [, head = "", key = "", value = "", tail = ""] = ENTRY.exec(line) ?? [];
      if (key === "") return line;
      const next = edit({ section, key, value }, line);
      if (next === null) return line;
      return "line" in next ? next.line : `${head}${next.value}${tail}`;
    })
    .join("");
}

export function readSections(text: string): readonly Entry[] {
  const entries: Entry[] = [];
  editSections(text, (entry) => {
    entries.push(entry);
    return null;
  });
  return entries;
}
