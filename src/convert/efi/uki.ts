// SPDX-License-Identifier: Apache-2.0
// Unified kernel images (UAPI.5): a PE program whose sections are the kernel, its command line, its release and its
// initramfs. Pure, but for finding them.
import type { GuestOS, GuestView, Intent } from "../../core/index.ts";
import { espMounts } from "./esp-mounts.ts";
import { efiPath, listNames } from "./tree.ts";

const MAX_SECTIONS = 96; // as Windows' loader; UKIs have about 10
const MAX_CMDLINE_BYTES = 64 * 2 ** 10;
const MAX_RELEASE_BYTES = 256;
const MAX_IMAGES = 16;

/** Paths on the EFI partitions, `EFI/Linux/*.efi`. */
export async function findUnified(context: {
  view: GuestView;
  guest: GuestOS;
  intent: Intent;
}): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const esp of espMounts(context)) {
    const directory = await efiPath(context.view, esp, ["EFI", "Linux"]);
    const names = (await listNames(context.view, directory)).filter((name) => /\.efi$/i.test(name));
    paths.push(...names.map((name) => `${directory}/${name}`));
  }
  return paths.slice(0, MAX_IMAGES);
}

/** The command line inside; null: not a PE program, or without such a section. */
export function unifiedCmdline(bytes: Buffer): string | null {
  return textOf(unifiedSection(bytes, ".cmdline", MAX_CMDLINE_BYTES));
}

/** The kernel's release, as in /lib/modules; null: not given. */
export function unifiedRelease(bytes: Buffer): string | null {
  return textOf(unifiedSection(bytes, ".uname", MAX_RELEASE_BYTES));
}

/** The initramfs inside, as it is in the image; null: none. */
export const unifiedInitramfs = (bytes: Buffer): Buffer | null =>
  unifiedSection(bytes, ".initrd", bytes.length);

function textOf(section: Buffer | null): string | null {
  if (section === null) return null;
  const [text = ""] = section.toString("latin1").split("\0", 1);
  return text.trim();
}

/** PE format: Microsoft's specification. A section ends where the file ends. */
function unifiedSection(bytes: Buffer, name: string, maxBytes: number): Buffer | null {
  if (bytes.length < 64 || bytes.toString("latin1", 0, 2) !== "MZ") return null;
  const header = bytes.readUInt32LE(0x3c);
  if (header + 24 > bytes.length || bytes.toString("latin1", header, header + 4) !== "PE\0\0") return null;
  const count = Math.min(bytes.readUInt16LE(header + 6), MAX_SECTIONS);
  const table = header + 24 + bytes.readUInt16LE(header + 20);
  for (let at = table; at < table + count * 40 && at + 40 <= bytes.length; at += 40) {
    if (bytes.toString("latin1", at, at + 8).replace(/\0+$/, "") !== name) continue;
    const size = Math.min(bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 16), maxBytes);
    const from = bytes.readUInt32LE(at + 20);
    return bytes.subarray(from, from + size);
  }
  return null;
}
