// SPDX-License-Identifier: Apache-2.0
// Which entry GRUB 2 starts by itself (grub-core/normal/menu.c: get_entry_number). Pure.
import type { GrubMenu, MenuEntry } from "./run.ts";

export type Chosen = {
  readonly entry: MenuEntry;
  /** false: `default` names none; GRUB then takes the first. */
  readonly named: boolean;
};

/** `default` is a number, a title or an id, and `>` leads into a submenu. null: the menu is empty. */
export function chooseEntry({ entries, variables }: Pick<GrubMenu, "entries" | "variables">): Chosen | null {
  const wanted = (variables.get("default") ?? "0").trim();
  let level = entries;
  let found: MenuEntry | null = null;
  let named = true;
  for (const part of (wanted === "" ? "0" : wanted).split(">")) {
    const entry = entryOf(level, part.trim());
    named = named && entry !== undefined;
    found = entry ?? level[0] ?? found;
    level = found?.entries ?? [];
  }
  // A submenu opens at its first entry.
  for (let depth = 0; found !== null && found.entries.length > 0 && depth < 8; depth += 1)
    found = found.entries[0] ?? null;
  return found === null ? null : { entry: found, named };
}

function entryOf(entries: readonly MenuEntry[], wanted: string): MenuEntry | undefined {
  if (/^\d{1,4}$/.test(wanted)) return entries[Number(wanted)];
  return entries.find(({ id, title }) => id === wanted || title === wanted);
}

/** grubenv(5): 1024 bytes, `NAME=value` lines, a backslash before what is special. */
export function parseEnvironment(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (!text.startsWith("# GRUB Environment Block")) return values;
  for (const [, name = "", value = ""] of text
    .slice(0, 65_536)
    .matchAll(/^([A-Za-z0-9_.-]+)=((?:[^\n\\]|\\.)*)$/gm))
    values.set(name, value.replaceAll(/\\(.)/g, "$1"));
  return values;
}
