// SPDX-License-Identifier: Apache-2.0
// Mounts and swaps that are units of systemd, not lines of fstab (systemd.mount(5), systemd.swap(5)).
import type { GuestView } from "../../../core/index.ts";
import type { FstabLine } from "../fstab-lines.ts";

export type UnitLine = FstabLine & {
  /** Path of the unit in the guest. */
  readonly unit: string;
  /** Something starts it at boot. */
  readonly enabled: boolean;
};

/** What an administrator or an installer wrote; those of packages name no disks. */
const DIRECTORY = "/etc/systemd/system";
const MAX_UNITS = 500;
/** Drop-ins of one unit. */
const MAX_PARTS = 20;
const MAX_BYTES = 256 * 1024;

export async function readMountUnits(view: GuestView): Promise<readonly UnitLine[]> {
  const names = await listOr(view, DIRECTORY);
  const units = names.filter((name) => /\.(?:mount|swap)$/.test(name)).slice(0, MAX_UNITS);
  if (units.length === 0) return [];
  const started = await startedNames(view, names);
  const lines: UnitLine[] = [];
  for (const name of units) {
    const unit = `${DIRECTORY}/${name}`;
    const text = await readOr(view, unit);
    const more: string[] = [];
    for (const part of (await listOr(view, `${unit}.d`)).slice(0, MAX_PARTS))
      if (part.endsWith(".conf")) more.push((await readOr(view, `${unit}.d/${part}`)) ?? "");
    const line =
      text === null ? null : parseUnit([text, ...more].join("\n"), name.endsWith(".swap") ? "Swap" : "Mount");
    if (line !== null)
      lines.push({
        ...line,
        unit,
        enabled: started.has(name) || started.has(name.replace(/\.mount$/, ".automount")),
      });
  }
  return lines;
}

async function readOr(view: GuestView, path: string): Promise<string | null> {
  return await view.readText(path, { maxBytes: MAX_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  });
}

/** Names in `*.wants` and `*.requires`. */
async function startedNames(view: GuestView, names: readonly string[]): Promise<ReadonlySet<string>> {
  const started = new Set<string>();
  for (const name of names.filter((one) => /\.(?:wants|requires)$/.test(one)).slice(0, MAX_UNITS))
    for (const unit of await listOr(view, `${DIRECTORY}/${name}`)) started.add(unit);
  return started;
}

async function listOr(view: GuestView, path: string): Promise<readonly string[]> {
  return await view.list(path).catch((error: unknown) => {
    if (error instanceof RangeError) return [];
    throw error;
  });
}

/** null: it names no device. Of a unit and its drop-ins, in their order, the last assignment counts. */
export function parseUnit(text: string, section: "Mount" | "Swap"): FstabLine | null {
  const values = new Map<string, string>();
  let here = false;
  for (const raw of text.split("\n", 10_000)) {
    const line = raw.trim();
    if (line.startsWith("[")) here = line === `[${section}]`;
    const [, key = "", value = ""] = /^([A-Za-z]+)[ \t]*=[ \t]*(.*)$/.exec(line) ?? [];
    if (here && key !== "") values.set(key, value);
  }
  const spec = values.get("What") ?? "";
  const path = section === "Swap" ? "none" : (values.get("Where") ?? "");
  if (spec === "" || path === "") return null;
  const type = section === "Swap" ? "swap" : (values.get("Type") ?? "auto");
  return { spec, path, type, options: values.get("Options") ?? "defaults" };
}
