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

/** Places of fields in bytes, as in Microsoft's specification of the PE format. */
const DOS_HEADER = { bytes: 64, peHeaderAt: 0x3c };
const PE_HEADER = { bytes: 24, sectionCount: 6, optionalHeaderBytes: 20 };
const SECTION = { bytes: 40, nameBytes: 8, virtualBytes: 8, rawBytes: 16, rawAt: 20 };

type Section = { readonly name: string; readonly start: number; readonly end: number };

/** A section ends where the file ends. */
function unifiedSection(bytes: Buffer, name: string, maxBytes: number): Buffer | null {
  const section = readSections(bytes).find((candidate) => candidate.name === name);
  if (section === undefined) return null;
  return bytes.subarray(section.start, Math.min(section.end, section.start + maxBytes));
}

function readSections(bytes: Buffer): readonly Section[] {
  if (bytes.length < DOS_HEADER.bytes || bytes.toString("latin1", 0, 2) !== "MZ") return [];
  const header = bytes.readUInt32LE(DOS_HEADER.peHeaderAt);
  const table = header + PE_HEADER.bytes;
  if (table > bytes.length || bytes.toString("latin1", header, header + 4) !== "PE\0\0") return [];
  const count = Math.min(bytes.readUInt16LE(header + PE_HEADER.sectionCount), MAX_SECTIONS);
  const first = table + bytes.readUInt16LE(header + PE_HEADER.optionalHeaderBytes);
  const sections: Section[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = first + index * SECTION.bytes;
    if (at + SECTION.bytes > bytes.length) break;
    const name = bytes.toString("latin1", at, at + SECTION.nameBytes).replace(/\0+$/, "");
    const start = bytes.readUInt32LE(at + SECTION.rawAt);
    // The smaller of both sizes: the raw one is padded, the virtual one may be larger than the file's part.
    const [virtual, raw] = [
      bytes.readUInt32LE(at + SECTION.virtualBytes),
      bytes.readUInt32LE(at + SECTION.rawBytes),
    ];
    sections.push({ name, start, end: start + Math.min(virtual, raw) });
  }
  return sections;
}
