// SPDX-License-Identifier: Apache-2.0
// The lines of grub.cfg that load a kernel, in entries and submenus alike. Everything else stays. Pure.
import { splitLines } from "../text/lines.ts";

/** The commands of GRUB 2 that take a kernel and its command line; `module` carries Linux under Xen. */
const LINUX = /^[ \t]*(linux|linux16|linuxefi|module|module2)[ \t]+(?:--[a-z]+[ \t]+)*["']?([^ \t\r\n"']+)/;
const INITRD = /^[ \t]*(initrd|initrd16|initrdefi|module|module2)[ \t]+/;
const ENTRY_END = /^[ \t]*\}/;

export type LinuxLine = {
  readonly line: string;
  /** The kernel as GRUB finds it: `/boot/vmlinuz-6.1.0-18-amd64`, or without /boot where that is a file system. */
  readonly image: string;
  /** Does the same entry load an initramfs? Without one the kernel does not understand UUID=. */
  readonly hasInitramfs: boolean;
};

/** Offers each line that loads a Linux kernel; the answer is the new line. */
export function editLinuxLines(text: string, edit: (linux: LinuxLine) => string): string {
  const lines = splitLines(text);
  const initramfs = linesWithInitramfs(lines);
  return lines
    .map((line, index) => {
      const image = LINUX.exec(line)?.[2];
      if (image === undefined || !/vmlinu|bzImage|kernel|linux/i.test(image)) return line;
      return edit({ line, image, hasInitramfs: initramfs.has(index) });
    })
    .join("");
}

/** The words after the image of the first entry that loads it; null where none does. */
export function findArguments(text: string, image: string): string | null {
  const name = image.slice(image.lastIndexOf("/") + 1);
  let found: string | null = null;
  editLinuxLines(text, (linux) => {
    if (found === null && linux.image.endsWith(`/${name}`)) {
      const end = linux.line.indexOf(linux.image) + linux.image.length;
      found = linux.line.slice(end).replace(/^["']/, "").trim();
    }
    return linux.line;
  });
  return found;
}

/** Indexes of kernel lines followed by an initrd line before their entry ends: one walk from the end. */
function linesWithInitramfs(lines: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  let initrd = false;
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index] ?? "";
    if (ENTRY_END.test(line)) initrd = false;
    const linux = LINUX.exec(line);
    const isLinux = linux !== null && !/initr/i.test(linux[2] ?? "");
    if (isLinux && initrd) found.add(index);
    if (INITRD.test(line) && !isLinux) initrd = true;
  }
  return found;
}
