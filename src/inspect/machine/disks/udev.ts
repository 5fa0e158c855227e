// SPDX-License-Identifier: Apache-2.0
// What udev remembers of a block device: names and contents that blkid found when it appeared.
import type { Sysroot } from "../sysroot.ts";

export type Properties = ReadonlyMap<string, string>;

const MAX_LINES = 4096;

/**
 * The database's record of a device (`8:1`); in a recording also what lsblk --sysroot reads: a file of properties in
 * the place of the device node. null: there is neither.
 */
export async function readProperties(
  sysroot: Sysroot,
  { devno, path }: { devno: string | null; path: string },
): Promise<Properties | null> {
  const record = devno === null ? null : await sysroot.text(`/run/udev/data/b${devno}`);
  if (record !== null) return parseUdevRecord(record);
  const node = sysroot.live ? null : await sysroot.text(path);
  return node === null ? null : parseProperties(node.split("\n", MAX_LINES));
}

/** Lines `E:KEY=value` among others (systemd: src/libsystemd/sd-device). */
export function parseUdevRecord(text: string): Properties {
  const lines = text.split("\n", MAX_LINES).filter((line) => line.startsWith("E:"));
  return parseProperties(lines.map((line) => line.slice(2)));
}

export function parseProperties(lines: readonly string[]): Properties {
  const properties = new Map<string, string>();
  for (const line of lines) {
    const cut = line.indexOf("=");
    if (cut > 0) properties.set(line.slice(0, cut), line.slice(cut + 1));
  }
  return properties;
}

/** `KEY_ENC` has every byte that is not harmless as `\x20`; `KEY` has lost them. */
export function property(properties: Properties, key: string): string | null {
  const encoded = properties.get(`${key}_ENC`);
  const value = encoded === undefined ? properties.get(key) : decodeUdev(encoded);
  return value === undefined || value === "" ? null : value;
}

function decodeUdev(text: string): string {
  const bytes = Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
