// SPDX-License-Identifier: Apache-2.0
// A boot menu with an entry for a new kernel: a copy of an old kernel's entry with the new release, placed first and made
// the default. What the guest's own tools generate later replaces it. Pure.
import { splitLines } from "../text/lines.ts";

type Releases = { readonly from: string; readonly to: string };

/** null: no entry loads the kernel `from`. The same text: the new entry exists already. */
export type AddEntry = (text: string, releases: Releases) => string | null;

const KERNEL_LINE = /^[ \t]*(?:linux(?:16|efi)?|kernel|module2?)[ \t=]/i;

const names = (line: string, release: string): boolean =>
  new RegExp(`/?vmlinu[xz]-${RegExp.escape(release)}(?=[ \\t\\r\\n"']|$)`).test(line);

const loads = (lines: readonly string[], release: string): boolean =>
  lines.some((line) => KERNEL_LINE.test(line) && names(line, release));

const renamed = (lines: readonly string[], { from, to }: Releases): string =>
  lines.map((line) => line.replaceAll(from, to)).join("");

/** An entry goes from title to title (GRUB 0.97 manual, 13.1); `default` counts from 0. */
export const addLegacyEntry: AddEntry = (text, releases) => {
  const lines = splitLines(text);
  if (loads(lines, releases.to)) return text;
  const starts = lines.flatMap((line, index) => (/^[ \t]*title[ \t]/.test(line) ? [index] : []));
  const entry = starts
    .map((start, index) => lines.slice(start, starts[index + 1] ?? lines.length))
    .find((entry) => loads(entry, releases.from));
  if (entry === undefined || starts[0] === undefined) return null;
  const own = entry.filter((line) => !/^[ \t]*#/.test(line)); // comments after the last entry do not belong to it
  const head = lines
    .slice(0, starts[0])
    .map((line) => line.replace(/^([ \t]*default[ \t=]+)(?:\d+|saved)/, "$10"));
  return [...head, withNewline(renamed(own, releases)), ...lines.slice(starts[0])].join("");
};

/** The block of a `menuentry`, before the first outside of submenus; GRUB starts the first by default. */
export const addGrubEntry: AddEntry = (text, releases) => {
  const lines = splitLines(text);
  if (loads(lines, releases.to)) return text;
  const first = lines.findIndex((line) => /^(?:menuentry|submenu)\b/.test(line));
  for (let start = 0; start < lines.length; start += 1) {
    if (!/^[ \t]*menuentry\b.*\{[ \t]*\r?\n?$/.test(lines[start] ?? "")) continue;
    let end = start + 1;
    while (end < lines.length && !/^[ \t]*\}[ \t]*\r?\n?$/.test(lines[end] ?? "")) end += 1;
    if (end === lines.length) return null;
    const entry = lines.slice(start, end + 1);
    start = end;
    if (!loads(entry, releases.from) || first === -1) continue;
    const indent = /^[ \t]*/.exec(entry[0] ?? "")?.[0].length ?? 0;
    const own = entry.map((line) => (/^[ \t]*$/.test(line.slice(0, indent)) ? line.slice(indent) : line));
    const titled = own.map((line, index) =>
      index > 0 || line.includes(releases.from)
        ? line
        : line.replace(/^(menuentry ['"])/, `$1Linux ${releases.from}: `),
    );
    const head = lines
      .slice(0, first)
      .map((line) => line.replace(/^([ \t]*set default=)(["']?)\d+\2/, '$1"0"'));
    return [...head, withNewline(renamed(titled, releases)), ...lines.slice(first)].join("");
  }
  return null;
};

/** An entry goes from `label` to `label` (syslinux: doc/menu.txt). */
export const addSyslinuxEntry: AddEntry = (text, releases) => {
  const lines = splitLines(text);
  if (loads(lines, releases.to)) return text;
  const starts = lines.flatMap((line, index) => (/^[ \t]*label[ \t]/i.test(line) ? [index] : []));
  const entry = starts
    .map((start, index) => lines.slice(start, starts[index + 1] ?? lines.length))
    .find((entry) => loads(entry, releases.from));
  if (entry === undefined || starts[0] === undefined) return null;
  const label = `p2v-${releases.to}`;
  const own = entry
    .filter((line) => !/^[ \t]*(?:menu[ \t]+default|#)/i.test(line))
    .map((line) => line.replace(/^([ \t]*label[ \t]+)\S+/i, (_, head: string) => `${head}${label}`));
  const chosen = (line: string): string =>
    /^[ \t]*menu[ \t]+default/i.test(line)
      ? ""
      : line.replace(
          /^([ \t]*(?:default|ontimeout)[ \t]+)(?!menu\.c32|vesamenu)\S+/i,
          (_, head: string) => `${head}${label}`,
        );
  const body = renamed(own.slice(1), releases);
  const isChosen = lines.some((line) =>
    /^[ \t]*(?:default|ontimeout)[ \t]+(?!menu\.c32|vesamenu)\S/i.test(line),
  );
  const mark = isChosen ? "" : "  menu default\n";
  return [
    ...lines.slice(0, starts[0]).map(chosen),
    own[0] ?? "",
    mark,
    withNewline(body),
    ...lines.slice(starts[0]).map(chosen),
  ].join("");
};

/** A file of its own (UAPI.1, Boot Loader Specification): null where this one loads another kernel. */
export function newBootEntry(
  { path, text }: { path: string; text: string },
  releases: Releases,
): { readonly path: string; readonly text: string } | null {
  const lines = splitLines(text);
  if (!loads(lines, releases.from)) return null;
  const at = path.lastIndexOf("/") + 1;
  const name = path.slice(at);
  const own = name.includes(releases.from)
    ? name.replaceAll(releases.from, releases.to)
    : `p2v-${releases.to}.conf`;
  return { path: path.slice(0, at) + own, text: renamed(lines, releases) };
}

const withNewline = (text: string): string => (text.endsWith("\n") ? text : `${text}\n`);
