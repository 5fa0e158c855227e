// SPDX-License-Identifier: Apache-2.0
// Where a menu of GRUB legacy loads something from a disk by its number: `root (hd1,0)`, `kernel (hd1,0)/vmlinuz`. It has no
// search by UUID (GRUB 0.97 manual, 13). Pure.
import { MAX_LINE, splitLines } from "../text/lines.ts";
import type { GrubPlace, GrubUse } from "./uses.ts";

/** Debian's update-grub writes entries from the comment `# groot=(hd0,0)`. */
const ROOT = /^(?:[ \t]*(?:root|rootnoverify)[ \t]+|# groot=)\((hd\d{1,2}(?:,\d{1,2})?)\)/;
const COMMAND =
  /^[ \t]*(kernel|initrd|module|modulenounzip|chainloader|configfile|splashimage)(?:[ \t]+|=)(?:--[a-z-]+(?:=[^ \t]+)?[ \t]+)*(?:\((hd\d{1,2}(?:,\d{1,2})?)\))?([/+][^ \t\r\n]*)/;
const TITLE = /^[ \t]*title[ \t]/;

type Named = { readonly index: number; readonly device: string; readonly uses: GrubUse[] };

function namedIn(lines: readonly string[]): readonly Named[] {
  const found: Named[] = [];
  let root: Named | null = null;
  for (const [index, line] of lines.entries()) {
    if (line.length > MAX_LINE) continue;
    if (TITLE.test(line)) root = null;
    const set = ROOT.exec(line)?.[1];
    if (set !== undefined) {
      const named: Named = { index, device: set, uses: [] };
      found.push(named);
      if (line.startsWith("#")) continue;
      root = named;
    }
    const [, command = "", device, path = ""] = COMMAND.exec(line) ?? [];
    if (device !== undefined) found.push({ index, device, uses: [{ device, command, path }] });
    else if (command !== "" && root !== null) root.uses.push({ device: root.device, command, path });
  }
  return found;
}

export function legacyUses(text: string): readonly GrubUse[] {
  return namedIn(splitLines(text)).flatMap(({ device, uses }) =>
    uses.length > 0 ? uses : [{ device, command: "", path: "" }],
  );
}

export function editLegacyDisks(
  text: string,
  placeOf: (device: string, uses: readonly GrubUse[]) => GrubPlace,
): string {
  const lines = splitLines(text);
  for (const { index, device, uses } of namedIn(lines)) {
    const place = placeOf(device, uses);
    if (place.kind === "device")
      lines[index] = (lines[index] ?? "").replace(`(${device})`, `(${place.device})`);
  }
  return lines.join("");
}
