// SPDX-License-Identifier: Apache-2.0
// GRUB's environment block: lines `name=value` in a file of fixed size, filled up with `#`, which GRUB itself writes
// sector by sector (GRUB: grub-core/lib/envblk.c, manual 16.3). Its size must not change. RHEL 8 keeps kernelopts there.
import { splitLines } from "../text/lines.ts";
import { type CommandLineFiles, type EditLine, only } from "./command-lines.ts";

const SIGNATURE = "# GRUB Environment Block\n";

export const grubenv: CommandLineFiles = {
  title: "GRUB's environment block",
  severity: "warns",
  role: "menu",
  // On UEFI, RHEL 8 has the second as a link to the first.
  paths: async (view) => [
    "/boot/grub2/grubenv",
    "/boot/grub/grubenv",
    ...(await view.list("/boot/efi/EFI").catch(() => []))
      .slice(0, 50)
      .map((vendor) => `/boot/efi/EFI/${vendor}/grubenv`),
  ],
  edit: editGrubenv,
};

/** null: the values no longer fit into the block. What is not such a block stays as it is. */
function editGrubenv(text: string, edit: EditLine): string | null {
  if (!text.startsWith(SIGNATURE) || text.length > 64 * 1024) return text;
  const body = text.replace(/#*$/, "");
  const edited = splitLines(body)
    .map((line) => {
      const value = /^kernelopts=([^\n]*)\n$/.exec(line)?.[1];
      return value === undefined ? line : `kernelopts=${escaped(edit(only(unescaped(value))))}\n`;
    })
    .join("");
  if (edited === body) return text;
  return edited.length > text.length ? null : edited.padEnd(text.length, "#");
}

/** A backslash stands before a backslash or a newline that belongs to the value. */
const unescaped = (text: string): string => text.replaceAll(/\\(.)/g, "$1");
const escaped = (text: string): string => text.replaceAll("\\", "\\\\");
