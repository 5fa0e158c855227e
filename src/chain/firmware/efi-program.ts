// SPDX-License-Identifier: Apache-2.0
// Which boot loader a program of UEFI is, by the words inside of it. Pure.

type Program = "windows" | "refind" | "limine" | "shim" | "grub" | "systemd-boot" | "stub";

const wide = (text: string): Buffer => Buffer.from(text, "utf16le");

/**
 * First that fits: loaders that start others name these. `bootmgfw.pdb` is in each boot manager of Windows, and nothing else of
 * it is (VeraCrypt looks for it too, and starts Windows behind its own).
 */
const MARKS: readonly (readonly [Program, readonly (string | Buffer)[]])[] = [
  ["refind", [wide("rEFInd")]],
  ["windows", ["bootmgfw.pdb", wide("VeraCrypt")]],
  ["systemd-boot", ["systemd-boot"]],
  ["stub", [".linux\0", "systemd-stub"]],
  ["limine", ["Limine", "limine.conf"]],
  ["grub", ["grub_", "GRUB"]],
  ["shim", ["shim", wide("shim")]],
];

/** null: none that is known here. */
export const efiProgram = (bytes: Buffer): Program | null =>
  MARKS.find(([, marks]) => marks.some((mark) => bytes.includes(mark)))?.[0] ?? null;
