// SPDX-License-Identifier: Apache-2.0
// Unified kernel images (UAPI.5): a PE program whose sections are the kernel, its command line, its release and its
// initramfs. Pure, but for finding them.
import { type GuestOS, type GuestView, type Intent, le, struct } from "../../core/index.ts";
import { espMounts } from "./esp-mounts.ts";
import { efiPath, listNames } from "./tree.ts";

const MAX_SECTIONS = 96; // as Windows' loader; UKIs have about 10
const MAX_CMDLINE_BYTES = 64 * 2 ** 10;
const MAX_RELEASE_BYTES = 256;
const MAX_IMAGES = 16;

/** PE format (Microsoft's specification): the DOS header says where the COFF header is; the optional header and sections follow. */
const DOS_HEADER = struct({ magic: le.text(0, 2), coffAt: le.u32(0x3c) });
const COFF_HEADER = struct({
  signature: le.text(0, 4),
  sections: le.u16(6),
  optionalBytes: le.u16(20),
  characteristics: le.u16(22),
});
const SECTION = struct({
  name: le.text(0, 8),
  virtualBytes: le.u32(8),
  rawBytes: le.u32(16),
  rawAt: le.u32(20),
});
const SECTION_BYTES = 40;

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

type Section = { readonly name: string; readonly start: number; readonly end: number };

/** A section ends where the file ends. */
function unifiedSection(bytes: Buffer, name: string, maxBytes: number): Buffer | null {
  const section = readSections(bytes).find((candidate) => candidate.name === name);
  if (section === undefined) return null;
  return bytes.subarray(section.start, Math.min(section.end, section.start + maxBytes));
}

function readSections(bytes: Buffer): readonly Section[] {
  const dos = bytes.length < DOS_HEADER.sizeBytes ? null : DOS_HEADER.read(bytes);
  if (dos?.magic !== "MZ" || dos.coffAt + COFF_HEADER.sizeBytes > bytes.length) return [];
  const coff = COFF_HEADER.read(bytes, dos.coffAt);
  if (coff.signature !== "PE") return [];
  const first = dos.coffAt + COFF_HEADER.sizeBytes + coff.optionalBytes;
  const sections: Section[] = [];
  for (let index = 0; index < Math.min(coff.sections, MAX_SECTIONS); index += 1) {
    const at = first + index * SECTION_BYTES;
    if (at + SECTION_BYTES > bytes.length) break;
    const { name, rawAt, rawBytes, virtualBytes } = SECTION.read(bytes, at);
    // The smaller of both sizes: the raw one is padded, the virtual one may be larger than the file's part.
    sections.push({ name, start: rawAt, end: rawAt + Math.min(virtualBytes, rawBytes) });
  }
  return sections;
}
