// SPDX-License-Identifier: Apache-2.0
// What a line of sysfs says, checked: numbers, lists of CPUs, names. Garbage is null, never 0 or NaN.
import { shown } from "../../core/index.ts";

/** A whole decimal number from 0 to `max`; null for anything else. */
export function parseCount(text: string | null, { max = Number.MAX_SAFE_INTEGER } = {}): number | null {
  const trimmed = text?.trim() ?? "";
  if (!/^\d{1,16}$/.test(trimmed)) return null;
  const value = Number(trimmed);
  return Number.isSafeInteger(value) && value <= max ? value : null;
}

/** Like parseCount, in hexadecimal without a prefix. */
export function parseHex(text: string | null): number | null {
  const trimmed = text?.trim() ?? "";
  return /^[0-9a-fA-F]{1,13}$/.test(trimmed) ? Number.parseInt(trimmed, 16) : null;
}

/** Trimmed, one blank for many, without control characters; null when nothing is left. At most 256 characters. */
export function parseName(text: string | null): string | null {
  const name = shown((text ?? "").replaceAll("\ufffd", " "), { by: " " })
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 256);
  return name === "" ? null : name;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Sorts sda before sdaa and nvme2n1 before nvme10n1: the order of disks. */
export function compareNames(a: string, b: string): number {
  return collator.compare(sortKey(a), sortKey(b)) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Letters of disks count like numbers: the shorter is first. */
function sortKey(name: string): string {
  const lettered = /^(sd|hd|vd|xvd|dasd)([a-z]+)(\d*)$/.exec(name);
  return lettered === null ? name : `${lettered[1]}${lettered[2]?.length}${lettered[2]} ${lettered[3]}`;
}
