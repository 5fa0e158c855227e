// SPDX-License-Identifier: Apache-2.0
// Boot entries of one file each (UAPI.1 Boot Loader Specification): read by systemd-boot from the EFI system partition or
// from /boot, and by GRUB with blscfg (Fedora, RHEL 8 and later) from /boot. Also the words that new entries are made of.
import { splitLines } from "../text/lines.ts";
import { type CommandLine, type CommandLineFiles, type EditLine, filesIn } from "./command-lines.ts";

const ENTRY_DIRECTORIES = ["/boot", "/efi", "/boot/efi"].map((base) => `${base}/loader/entries`);

export const bootEntries: CommandLineFiles = {
  title: "a boot entry",
  severity: "warns",
  role: "menu",
  async paths(view) {
    const paths: string[] = [];
    for (const directory of ENTRY_DIRECTORIES) paths.push(...(await filesIn(view, directory, [".conf"])));
    return paths;
  },
  edit: editEntry,
};

/** Keys are followed by blanks; `options` may appear several times, and all count, in order. */
const OPTIONS = /^[ \t]*options[ \t]+/;
const LINUX = /^[ \t]*linux[ \t]+([^ \t\r\n]+)/;
const INITRAMFS = /^[ \t]*(initrd|efi|uki)[ \t]/;

function editEntry(text: string, edit: EditLine): string {
  const lines = splitLines(text);
  return editLast(
    lines,
    lines.flatMap((line, index) => (OPTIONS.test(line) ? [index] : [])),
    {
      hasInitramfs: lines.some((line) => INITRAMFS.test(line)),
      image: lines.map((line) => LINUX.exec(line)?.[1] ?? null).find((image) => image !== null) ?? null,
      edit,
    },
  );
}

/** kernel-install(8) makes entries from it, mkinitcpio(8) and ukify(1) what is inside a unified kernel image. */
export const kernelCmdline: CommandLineFiles = {
  title: "the command line for new kernels",
  severity: "warns",
  role: "source",
  paths: async (view) => ["/etc/kernel/cmdline", ...(await filesIn(view, "/etc/cmdline.d", [".conf"]))],
  edit(text, edit) {
    const lines = splitLines(text);
    const words = lines.flatMap((line, index) => (/^[ \t]*([#\r\n]|$)/.test(line) ? [] : [index]));
    return editLast(lines, words, { hasInitramfs: true, image: null, edit });
  },
};

/** Offers the lines at these indexes as one command line. */
function editLast(
  lines: readonly string[],
  indexes: readonly number[],
  { hasInitramfs, image, edit }: Pick<CommandLine, "hasInitramfs" | "image"> & { edit: EditLine },
): string {
  const out = [...lines];
  const before: string[] = [];
  for (const index of indexes) {
    const text = lines[index] ?? "";
    const last = index === indexes.at(-1);
    out[index] = edit({ text, hasInitramfs, image, last, others: last ? before.join(" ") : "" });
    before.push(text);
  }
  return out.join("");
}
