// SPDX-License-Identifier: Apache-2.0
// Which entry GRUB 2 starts by itself (grub-core/normal/menu.c: get_entry_number). Pure.
import type { GrubMenu, MenuEntry } from "./run.ts";

export type Chosen = {
  readonly entry: MenuEntry;
  /** The submenus that lead to it, and itself. */
  readonly path: readonly MenuEntry[];
  /** false: `default` names none; GRUB then takes the first. */
  readonly named: boolean;
};

/** `default` is a number, a title or an id, and `>` leads into a submenu. null: the menu is empty. */
export function chooseEntry({ entries, variables }: Pick<GrubMenu, "entries" | "variables">): Chosen | null {
  const wanted = (variables.get("default") ?? "0").trim();
  let level = entries;
  const path: MenuEntry[] = [];
  let named = true;
  for (const part of (wanted === "" ? "0" : wanted).split(">")) {
    const entry = entryOf(level, part.trim());
    named = named && entry !== undefined;
    const found = entry ?? level[0];
    if (found !== undefined) path.push(found);
    level = found?.entries ?? [];
  }
  // A submenu opens at its first entry.
  for (let first = path.at(-1)?.entries[0], depth = 0; first !== undefined && depth < 8; depth += 1) {
    path.push(first);
    [first] = first.entries;
  }
  const last = path.at(-1);
  return last === undefined ? null : { entry: last, path, named };
}

/**
 * Does GRUB ask for a user and a password on the way there? (Its manual, "Authentication and authorisation"; normal/auth.c.)
 * `superusers` turns it on, and leads into a submenu only where it is exported; entries with `--unrestricted` are free.
 */
export function asksForUser(
  { path }: Pick<Chosen, "path">,
  { variables, exported }: Pick<GrubMenu, "variables" | "exported">,
): boolean {
  const isFree = /^[1y]/.test(variables.get("unrestricted_menu") ?? ""); // SUSE: entries without users of their own
  return path.some(
    ({ users }, depth) =>
      users !== null &&
      !(isFree && users === "") &&
      variables.has("superusers") &&
      (depth === 0 || exported.has("superusers")),
  );
}

function entryOf(entries: readonly MenuEntry[], wanted: string): MenuEntry | undefined {
  if (/^\d{1,9}$/.test(wanted)) return entries[Number(wanted)];
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
