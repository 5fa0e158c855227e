// SPDX-License-Identifier: Apache-2.0
// The sweep: lines of the guest's files that still name hardware of the old machine when all steps are done.
import { type GuestView, makeProblem, shown, type Problem, type Subject } from "../../core/index.ts";
import { sweptFiles } from "./files.ts";
import type { IsKnown } from "./known.ts";
import { liveLines } from "./live-lines.ts";
import { readDefaults } from "./package-defaults.ts";
import { placeOf } from "./places.ts";
import { type Reference, referencesIn } from "./references.ts";
import type { VmFacts } from "./vm-facts.ts";

export type Leftover = Reference & { readonly path: string; readonly line: number };

const MAX_FOUND = 1000;
const MAX_PER_FILE = 50;
const SHOWN = 8;

export async function findLeftovers(
  view: GuestView,
  { facts, isKnown, signal }: { facts: VmFacts; isKnown: IsKnown; signal: AbortSignal },
): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  const defaults = await readDefaults(view);
  for await (const { path, text } of sweptFiles(view, { defaults, signal })) {
    found.push(...leftoversIn(path, text, facts).filter(({ name }) => !isKnown(path, name)));
    if (found.length >= MAX_FOUND) break;
  }
  return found.slice(0, MAX_FOUND);
}

/** Pure. */
export function leftoversIn(path: string, text: string, facts: VmFacts): readonly Leftover[] {
  const found: Leftover[] = [];
  // The name of a unit or of its directory names its device.
  const lines = /\/systemd\/system\//.test(path) ? [{ number: 1, text: path.replaceAll("/", " ") }] : [];
  for (const { number, text: line } of [...lines, ...liveLines(text)])
    for (const reference of referencesIn(line, facts)) {
      if (facts.has(reference, path) || isHarmless(reference, path, line)) continue;
      found.push({ ...reference, path, line: number });
      if (found.length >= MAX_PER_FILE) return found;
    }
  return found;
}

/** Where a name stands that has no effect in a VM, is not meant as this machine's, or is the business of a step. */
function isHarmless({ kind, name }: Reference, path: string, line: string): boolean {
  if (OF_A_STEP.some((one) => one.path.test(path) && (one.line === undefined || one.line.test(line))))
    return true;
  // Titles and ids of menus; hints for GRUB, which looks for itself where they are wrong.
  if (path.startsWith("/boot/")) return !MENU_LINE.test(line) || /memtest/.test(line) || kind === "slot";
  if (isExcepted(name, line)) return true;
  // Nothing waits for these, and their names are right on any machine.
  if (kind === "volume" && path === "/etc/crypttab" && /[\s,](?:noauto|nofail)(?:[\s,]|$)/.test(line))
    return true;
  // Consoles on ports that the VM lacks are kept on purpose.
  if (kind === "device" && name.startsWith("/dev/ttyS"))
    return /^\/etc\/default\/grub|inittab|getty/.test(path);
  // Addresses of other machines.
  return kind === "mac" && /dhcp|dnsmasq|arp|cobbler|tftp|pxe/i.test(path) && !/ATTR/.test(line);
}

/** `Name=!enp9s0 eth7` of systemd, `interface-name=en*;!eno7;` of NetworkManager: the line is for all others. */
const isExcepted = (name: string, line: string): boolean =>
  /^\s*[A-Za-z]{1,40}\s*=\s*!/.test(line) ||
  new RegExp(`[=;,\\s&|]!${RegExp.escape(name)}(?:[;,\\s]|$)`).test(line);

const MENU_LINE =
  /^\s*(?:linux(?:16|efi)?|kernel|module2?|options|append|kernelopts|search|resume|root)\b|^\s*set\s+kernelopts/i;

/** What steps of their own have looked at, and left as it is right. */
const OF_A_STEP: readonly { readonly path: RegExp; readonly line?: RegExp }[] = [
  { path: /^\/etc\/fstab$/ },
  { path: /^\/etc\/lvm\/lvm(?:local)?\.conf$/, line: /filter/ },
  { path: /\/systemd\/network\/[^/]*\.link$/ },
];

export function leftoverProblem(found: readonly Leftover[], facts: VmFacts): Problem | null {
  if (found.length === 0) return null;
  const ranked = found.toSorted(
    (a, b) => placeOf(a.path).rank - placeOf(b.path).rank || compare(a.path, b.path) || a.line - b.line,
  );
  const files = filesOf(ranked);
  const count = files.reduce((sum, { lines }) => sum + lines.length, 0);
  const first = files.slice(0, SHOWN);
  const hidden = count - first.reduce((sum, { lines }) => sum + lines.length, 0);
  const isGrave = files.some(({ path }) => placeOf(path).rank < 2);
  return makeProblem("names-old-hardware", {
    severity: isGrave ? "warns" : "notes",
    about: ranked.map(({ path, line, name }): Subject => ({ kind: "line", path, line, name })),
    text: `${count === 1 ? "A line of the guest's files still names" : `${count} lines of the guest's files still name`} hardware of the old machine: ${first.map(fileWords).join("; ")}${hidden === 0 ? "" : `; ${hidden} more with --json`}`,
    advice: ranked.every(({ kind }) => kind === "volume")
      ? "Give the disks that hold these volumes too, or take them out there, on the machine or in the VM"
      : `Nothing changes them, since only a person knows what they mean: write stable names there, on the machine or in the VM${stableWords(ranked, facts)}`,
  });
}

type File = { readonly path: string; readonly lines: readonly number[]; readonly names: readonly string[] };

/** In the order of the first line. */
function filesOf(found: readonly Leftover[]): readonly File[] {
  const files = new Map<string, { path: string; lines: Set<number>; names: Set<string> }>();
  for (const { path, line, name } of found) {
    const one = files.get(path) ?? { path, lines: new Set(), names: new Set() };
    files.set(path, one);
    one.lines.add(line);
    one.names.add(name);
  }
  return [...files.values()].map(({ path, lines, names }) => ({
    path,
    lines: [...lines],
    names: [...names],
  }));
}

/** `/etc/rc.local:3,4 (script at boot: /dev/sdb1, eth7)` */
function fileWords({ path, lines, names }: File): string {
  const numbers = lines.length > 4 ? `${lines.slice(0, 4).join(",")}...` : lines.join(",");
  const more = names.length > 3 ? " ..." : "";
  return `${shown(path)}:${numbers} (${placeOf(path).what}: ${names
    .slice(0, 3)
    .map((name) => shown(name))
    .join(", ")}${more})`;
}

function stableWords(found: readonly Leftover[], facts: VmFacts): string {
  const words = new Map<string, string>();
  for (const { kind, name } of found) {
    const stable = kind === "disk" ? facts.stableName(name) : null;
    if (stable !== null && words.size < 4) words.set(name, stable);
  }
  return words.size === 0 ? "" : `: ${[...words].map(([name, stable]) => `${name} is ${stable}`).join(", ")}`;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
