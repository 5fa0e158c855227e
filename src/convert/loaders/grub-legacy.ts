// SPDX-License-Identifier: Apache-2.0
// GRUB legacy: menu.lst and grub.conf (GRUB 0.97 manual, 13; RHEL up to 6, SLES up to 11, Debian up to 5).
import { splitLines } from "../text/lines.ts";
import { type CommandLineFiles, type EditLine, only } from "./command-lines.ts";

export const LEGACY_MENUS = [
  "/boot/grub/menu.lst",
  "/boot/grub/grub.conf", // one of them is often a link to the other
  "/boot/efi/EFI/redhat/grub.conf", // RHEL 6 with UEFI
  "/boot/efi/EFI/centos/grub.conf",
] as const;

export const grubLegacy: CommandLineFiles = {
  title: "GRUB's menu",
  severity: "stops",
  role: "menu",
  paths: () => Promise.resolve(LEGACY_MENUS),
  edit: editLegacyMenu,
};

/** `kernel (hd0,0)/vmlinuz ro root=...`; below Xen, Linux and its initramfs are modules. */
const KERNEL = /^[ \t]*(kernel|module)[ \t]+(?:--[a-z-]+(?:=[^ \t]+)?[ \t]+)*(?:\([^)\r\n]*\))?([^ \t\r\n]+)/;
const INITRD = /^[ \t]*(initrd|module)[ \t]+(?:\([^)\r\n]*\))?[^ \t\r\n]*initr/;
const TITLE = /^[ \t]*title[ \t]/;
/** Debian's update-grub writes entries from this comment (grub 0.97, update-grub): `# kopt=root=/dev/hda1 ro`. */
const KOPT = /^(# (?:xen)?kopt(?:_2_6)?=)([^\r\n]*)(\r?\n?)$/;

function editLegacyMenu(text: string, edit: EditLine): string {
  const lines = splitLines(text);
  const initramfs = withInitramfs(lines);
  const inEntries = initramfs.size > 0;
  return lines
    .map((line, index) => {
      const [, head, words = "", end = ""] = KOPT.exec(line) ?? [];
      if (head !== undefined) return `${head}${edit(only(words, { hasInitramfs: inEntries }))}${end}`;
      const image = KERNEL.exec(line)?.[2];
      if (
        image === undefined ||
        !/vmlinu|bzImage|kernel|linux/i.test(image) ||
        /initr|xen[^/]*$/i.test(image)
      )
        if (image === undefined || !/vmlinu/i.test(image)) return line;
      return edit(only(line, { hasInitramfs: initramfs.has(index), image }));
    })
    .join("");
}

/** Indexes of kernel lines whose entry, up to the next title, loads an initramfs. */
function withInitramfs(lines: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  let initrd = false;
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index] ?? "";
    if (initrd && KERNEL.test(line) && !INITRD.test(line)) found.add(index);
    if (INITRD.test(line)) initrd = true;
    if (TITLE.test(line)) initrd = false;
  }
  return found;
}
