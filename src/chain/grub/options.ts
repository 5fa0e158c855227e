// SPDX-License-Identifier: Apache-2.0
// What stands before the brace of `menuentry` and `submenu` (grub-core/normal/menuentry.c): options stand anywhere. Pure.

export type EntryOptions = {
  readonly title: string;
  /** Empty: none. */
  readonly id: string;
  /** Who may start it besides the superusers; empty: nobody; null: `--unrestricted`, all. */
  readonly users: string | null;
};

const WITH_VALUE: readonly string[] = ["--class", "--users", "--hotkey", "--source", "--id"];

export function parseOptions(words: readonly string[]): EntryOptions {
  const values = new Map<string, string>();
  const plain: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const [, glued = "", value = ""] = /^(--[a-z]+)=(.*)$/s.exec(word) ?? [];
    if (glued !== "") values.set(glued, value);
    else if (WITH_VALUE.includes(word)) values.set(word, words[(at += 1)] ?? "");
    else if (word.startsWith("--")) values.set(word, "");
    else plain.push(word);
  }
  return {
    title: plain[0] ?? "",
    id: values.get("--id") ?? "",
    users: values.has("--unrestricted") ? null : (values.get("--users") ?? ""),
  };
}
