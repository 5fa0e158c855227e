// SPDX-License-Identifier: Apache-2.0
// The SYSLINUX family (extlinux on ext and btrfs, syslinux on FAT), and U-Boot's distro boot, which reads the same files
// (syslinux: doc/syslinux.txt; U-Boot: doc/develop/distro.rst). Keywords in any case.
import { splitLines } from "../text/lines.ts";
import { type CommandLineFiles, type EditLine, filesIn, only } from "./command-lines.ts";

const DIRECTORIES = [
  "/boot/extlinux",
  "/boot/syslinux",
  "/extlinux",
  "/boot/efi/EFI/syslinux",
  "/efi/EFI/syslinux",
];

export const syslinux: CommandLineFiles = {
  title: "extlinux's menu",
  severity: "stops",
  role: "menu",
  async paths(view) {
    const paths = ["/boot/extlinux.conf", "/boot/syslinux.cfg", "/extlinux.conf"];
    for (const directory of DIRECTORIES) paths.push(...(await filesIn(view, directory, [".conf", ".cfg"])));
    return paths;
  },
  edit: editSyslinux,
};

const LABEL = /^[ \t]*label[ \t]/i;
const APPEND = /^[ \t]*append[ \t]+(?!-[ \t]*\r?\n?$)/i;
const KERNEL = /^[ \t]*(?:kernel|linux)[ \t]+([^ \t\r\n]+)/i;
const INITRD = /^[ \t]*initrd[ \t]|^[ \t]*(?:append|linux|kernel)[ \t](?:.*[ \t])?initrd=/i;

/** An APPEND above all labels applies to those without one. */
function editSyslinux(text: string, edit: EditLine): string {
  const lines = splitLines(text);
  const initramfs = withInitramfs(lines);
  const images = imagesOf(lines);
  return lines
    .map((line, index) =>
      APPEND.test(line)
        ? edit(only(line, { hasInitramfs: initramfs.has(index), image: images[index] ?? null }))
        : line,
    )
    .join("");
}

function withInitramfs(lines: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  const starts = lines.flatMap((line, index) => (LABEL.test(line) ? [index] : []));
  const any = lines.some((line) => INITRD.test(line));
  for (const [place, start] of [0, ...starts].entries()) {
    const end = starts[place] ?? lines.length;
    const part = lines.slice(start, end);
    const has = place === 0 ? any : part.some((line) => INITRD.test(line));
    if (has) for (let index = start; index < end; index += 1) found.add(index);
  }
  return found;
}

/** The kernel of the label that each line stands in: one walk down, one up, since it may stand before or behind. */
function imagesOf(lines: readonly string[]): readonly (string | null)[] {
  const found: (string | null)[] = [];
  const walk = (indexes: Iterable<number>, isEnd: (index: number) => boolean): void => {
    let image: string | null = null;
    for (const index of indexes) {
      if (isEnd(index)) image = null;
      image = KERNEL.exec(lines[index] ?? "")?.[1] ?? image;
      found[index] ??= image;
    }
  };
  walk(lines.keys(), (index) => LABEL.test(lines[index] ?? ""));
  walk([...lines.keys()].toReversed(), (index) => LABEL.test(lines[index + 1] ?? ""));
  return found;
}
