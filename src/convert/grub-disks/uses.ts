// SPDX-License-Identifier: Apache-2.0
// Where a menu of GRUB 2 loads something from a disk by its number: `set root='hd1,msdos1'` that no search line decides, and
// paths such as (hd1,gpt2)/vmlinuz. In the VM the firmware may count its disks in another way. Pure.
import { MAX_LINE, splitLines } from "../text/lines.ts";

export type GrubUse = {
  /** `hd1,msdos1` */
  readonly device: string;
  /** `linux`, `initrd`, `chainloader`, `configfile` ... */
  readonly command: string;
  /** What is loaded, as it stands there: `/boot/vmlinuz-6.1`, `+1`. */
  readonly path: string;
};

/** What a device becomes: a search for this UUID, another number for the disk, or nothing. */
export type GrubPlace =
  | { readonly kind: "uuid"; readonly uuid: string }
  | { readonly kind: "device"; readonly device: string }
  | { readonly kind: "stays" };

const DEVICE = "(?:ahci|ata|hd)\\d{1,2}(?:,[a-z]{0,6}\\d{1,3}){0,2}";
const SET_ROOT = new RegExp(`^[ \\t]*set[ \\t]+root=["']?\\(?(${DEVICE})\\)?["']?[ \\t]*\\r?\\n?$`);
const SEARCH =
  /^[ \t]*search(?:\.[a-z_]+)?[ \t](?:.*[ \t])?(?:--set(?:=root|[ \t]|$)|-s[ \t]|[^ \t]+[ \t]+root\b)/;
const COMMAND = new RegExp(
  `^[ \\t]*(?:set[ \\t]+(?=prefix=))?(prefix=|linux|linux16|linuxefi|initrd|initrd16|initrdefi|multiboot|multiboot2|module|module2|xen_hypervisor|xen_module|chainloader|configfile|source)[ \\t]*(?<=[ \\t=])(?:--[a-z-]+[ \\t]+)*["']?(?:\\((?:\\$root|(${DEVICE}))\\))?([/+][^ \\t\\r\\n"']*)`,
);
const ENTRY = /^[ \t]*(?:menuentry|submenu)[ \t].*\{[ \t]*\r?\n?$/;
const END = /^[ \t]*\}[ \t]*\r?\n?$/;

/** A line that names a device, and what is loaded from it. */
type Named = { readonly index: number; readonly device: string; readonly uses: GrubUse[] };

/** One for each line that decides where something is loaded from. */
function namedIn(lines: readonly string[]): readonly Named[] {
  const found: Named[] = [];
  const outer: (Named | null)[] = [];
  let root: Named | null = null;
  for (const [index, line] of lines.entries()) {
    if (line.length > MAX_LINE) continue;
    const set = SET_ROOT.exec(line)?.[1];
    if (set !== undefined) {
      root = { index, device: set, uses: [] };
      found.push(root);
    } else if (SEARCH.test(line)) root = null;
    else if (ENTRY.test(line)) outer.push(root);
    else if (END.test(line)) root = outer.pop() ?? null;
    const [, command = "", device, path = ""] = COMMAND.exec(line) ?? [];
    if (device !== undefined) found.push({ index, device, uses: [{ device, command, path }] });
    else if (command !== "" && root !== null) root.uses.push({ device: root.device, command, path });
  }
  return found.filter(({ uses }) => uses.length > 0);
}

export function grubUses(text: string): readonly GrubUse[] {
  return namedIn(splitLines(text)).flatMap(({ uses }) => uses);
}

/** `placeOf` is asked once for each line, with all that is loaded by it. */
export function editGrubDisks(text: string, placeOf: (uses: readonly GrubUse[]) => GrubPlace): string {
  const lines = splitLines(text);
  for (const { index, device, uses } of namedIn(lines)) {
    const place = placeOf(uses);
    const line = lines[index] ?? "";
    const isSet = SET_ROOT.test(line);
    if (place.kind === "device") lines[index] = line.replace(device, place.device);
    if (place.kind !== "uuid") continue;
    const [indent = ""] = /^[ \t]*/.exec(line) ?? [];
    const search = `${indent}search --no-floppy --fs-uuid --set=${isSet ? "root" : "p2v"} ${place.uuid}\n`;
    lines[index] = isSet
      ? `${line.endsWith("\n") ? line : `${line}\n`}${search}`
      : `${search}${line.replace(`(${device})`, "($p2v)")}`;
  }
  return lines.join("");
}
