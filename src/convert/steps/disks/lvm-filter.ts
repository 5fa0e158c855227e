// SPDX-License-Identifier: Apache-2.0
// lvm.conf's filters: one that accepts only disks of the old machine hides every volume of the VM.
import { step } from "../step.ts";

const PATHS = ["/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf"];

export const lvmFilter = step(
  {
    name: "lvm-filter",
    explains: "Lets the VM's disks through filters in lvm.conf that accept only disks of the old machine",
  },
  async ({ draft }) => {
    for (const path of PATHS)
      await draft.edit(path, {
        why: "Its filter accepts only disks of the old machine: LVM would find no volume",
        edit: withVmDisks,
        severity: "stops",
      });
  },
);

const FILTER = /^([ \t]*(?:devices\/)?(?:global_)?filter[ \t]*=[ \t]*)(\[?)/gm;
const STRING = /"((?:[^"\\\n]|\\.){0,1000})"/y;
const OURS = ["a|^/dev/vd|", "a|^/dev/xvd|"];

/** lvm.conf(5): each string is `a` or `r`, a delimiter, a pattern; the first that matches a name decides. Pure. */
export function withVmDisks(text: string): string {
  let out = "";
  let from = 0;
  for (const match of text.matchAll(FILTER)) {
    const start = match.index + match[0].length;
    const list = readStrings(text, start, match[2] === "[");
    if (list === null || !hidesVmDisks(list.strings)) continue;
    const ours = OURS.map((pattern) => `"${pattern}"`).join(", ");
    const old = text.slice(start, list.end);
    out += `${text.slice(from, match.index)}${match[1] ?? ""}[ ${ours}, ${old.trimStart()}${match[2] === "[" ? "" : " ]"}`;
    from = list.end;
  }
  return out + text.slice(from);
}

/** The strings before the closing bracket, or the only one. */
function readStrings(
  text: string,
  start: number,
  isList: boolean,
): { strings: readonly string[]; end: number } | null {
  const strings: string[] = [];
  for (let at = start; strings.length <= 200; ) {
    const gap = /(?:[\s,]|#[^\n]*\n)*/y;
    gap.lastIndex = at;
    at += isList ? (gap.exec(text)?.[0].length ?? 0) : 0;
    if (isList && text[at] === "]") return { strings, end: at };
    STRING.lastIndex = at;
    const string = STRING.exec(text);
    if (string === null) return null;
    strings.push((string[1] ?? "").replaceAll(/\\(.)/g, "$1"));
    at += string[0].length;
    if (!isList) return { strings, end: at };
  }
  return null;
}

/** Names by which a filter can mean disks of a machine. */
const HARDWARE =
  /\b(sd|hd|nvme|cciss|mmcblk|ida|rd\/c|dasd|emcpower)|disk\/by-(id|path)|mapper\/\(?(mpath|3[0-9a-f])/;

function hidesVmDisks(strings: readonly string[]): boolean {
  const patterns = strings.map((text) => ({ accepts: text.startsWith("a"), pattern: patternOf(text) }));
  if (!patterns.some(({ accepts, pattern }) => accepts && HARDWARE.test(pattern))) return false;
  return patterns.find(({ pattern }) => fits(pattern, "/dev/vda2"))?.accepts === false;
}

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

function patternOf(text: string): string {
  const delimiter = text[1] ?? "";
  const end = text.lastIndexOf(CLOSING[delimiter] ?? delimiter);
  return text.slice(2, end > 2 ? end : undefined);
}

/** A pattern that is not a valid expression, or too long to be written by a person, matches nothing. */
function fits(pattern: string, name: string): boolean {
  if (pattern.length > 200 || /[*+{][^|]*[*+{].*[*+{]/.test(pattern)) return false;
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return false;
  }
}
