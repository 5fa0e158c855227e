// SPDX-License-Identifier: Apache-2.0
// Older pins that contradict ours: the same name for another card, or another name for the same card. Pure.
import type { IntendedNic } from "../../core/index.ts";
import { commentOut, MAX_LINE, splitLines, splitLogicalLines } from "../text/lines.ts";

const WHY = "the VM's network cards are named in 70-p2v-net.rules and 10-p2v-*.link";

type Pin = { readonly mac: string; readonly name: string };

function contradicts({ mac, name }: Pin, nics: readonly IntendedNic[]): boolean {
  return nics.some((nic) => (nic.name === name) !== (nic.mac === mac.toLowerCase()));
}

/** A udev rules file with such rules turned into comments. */
export function withoutConflicts(text: string, nics: readonly IntendedNic[]): string {
  return splitLogicalLines(text)
    .map((rule) => {
      if (/^[ \t]*(#|\r?\n?$)/.test(rule)) return rule;
      const mac = /(?:ATTRS?|SYSFS)\{address\}\s*==\s*"([^"]*)"/.exec(rule)?.[1];
      const name = /(?:^|[\s,])NAME\s*:?=\s*"([^"]*)"/.exec(rule)?.[1];
      if (mac === undefined || name === undefined || !contradicts({ mac, name }, nics)) return rule;
      return commentOut(rule, WHY);
    })
    .join("");
}

/**
 * A .link file without such a name. For one of our cards it gets our name: only the first file that matches a card counts,
 * so that removing the name would undo the pin.
 */
export function conflictingLink(text: string, nics: readonly IntendedNic[]): string {
  const lines = splitLines(text);
  const macs: string[] = [];
  let name = "";
  for (const line of lines) {
    if (line.length > MAX_LINE) return text;
    const [, key = "", value = ""] =
      /^(MACAddress|PermanentMACAddress|Name)[ \t]*=[ \t]*(.*?)[ \t]*\r?\n?$/.exec(line) ?? [];
    if (key === "Name") name = value;
    else if (key !== "") macs.push(...value.toLowerCase().replaceAll("-", ":").split(/\s+/));
  }
  const own = nics.find((nic) => macs.includes(nic.mac));
  if (name === "" || macs.length === 0) return text;
  if (own !== undefined ? own.name === name : !nics.some((nic) => nic.name === name)) return text;
  return lines
    .map((line) => {
      if (!/^Name[ \t]*=/.test(line)) return line;
      return own === undefined ? commentOut(line, WHY) : `Name=${own.name}\n`;
    })
    .join("");
}
