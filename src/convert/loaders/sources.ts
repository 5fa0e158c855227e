// SPDX-License-Identifier: Apache-2.0
// Shell files from which a tool of the distribution generates the loader's menu after each update.
import type { GuestView } from "../../core/index.ts";
import { withNewline } from "../text/lines.ts";
import { editAssignments } from "../text/shell-file.ts";
import { type CommandLineFiles, filesIn, only } from "./command-lines.ts";

type Source = {
  readonly paths: (view: GuestView) => Promise<readonly string[]>;
  /** Variables that hold words. */
  readonly words: RegExp;
  /** A variable that holds the value of root= alone. */
  readonly root?: string;
};

/** /etc/default/grub and what Debian reads after it. */
export const grubDefaults = async (view: GuestView): Promise<readonly string[]> => [
  "/etc/default/grub",
  ...(await filesIn(view, "/etc/default/grub.d", [".cfg"])),
];

export const grubSources = sourceFiles({ paths: grubDefaults, words: /^GRUB_CMDLINE_(LINUX|XEN)/ });

/** SLES up to 12: YaST's and perl-Bootloader's (its template sysconfig.bootloader). */
export const suseSources = sourceFiles({
  paths: () => Promise.resolve(["/etc/sysconfig/bootloader"]),
  words: /_APPEND$/,
});

/** Alpine: update-extlinux of its package syslinux. Debian 6 to 8: extlinux-update; u-boot-menu took its names over. */
export const extlinuxSources = sourceFiles({
  paths: () => Promise.resolve(["/etc/update-extlinux.conf", "/etc/default/extlinux", "/etc/default/u-boot"]),
  words: /^(default_kernel_opts|(EXTLINUX|U_BOOT)_(PARAMETERS|ROOT))$/,
  root: "root",
});

/** dracut.conf(5): these words are written into the initramfs itself. */
export const dracutSources = sourceFiles({
  paths: async (view) => ["/etc/dracut.conf", ...(await filesIn(view, "/etc/dracut.conf.d", [".conf"]))],
  words: /^kernel_cmdline$/,
});

function sourceFiles({ paths, words, root }: Source): CommandLineFiles {
  return {
    title: "what the boot menu is written from",
    severity: "warns",
    role: "source",
    paths,
    edit: (text, edit) =>
      editAssignments(text, (name, value) => {
        if (words.test(name)) return edit(only(value));
        return name === root ? edit(only(`root=${value}`)).replace(/^root=/, "") : null;
      }),
  };
}

/** Variables that get a console, by file. */
export const CONSOLE_VARIABLES: Readonly<Record<string, { readonly name: string; readonly words: RegExp }>> =
  {
    "/etc/default/grub": { name: "GRUB_CMDLINE_LINUX", words: /^GRUB_CMDLINE_LINUX/ },
    "/etc/sysconfig/bootloader": { name: "DEFAULT_APPEND", words: /^DEFAULT_APPEND$/ },
    "/etc/update-extlinux.conf": { name: "default_kernel_opts", words: /^default_kernel_opts$/ },
    "/etc/default/extlinux": { name: "EXTLINUX_PARAMETERS", words: /^EXTLINUX_PARAMETERS$/ },
    "/etc/default/u-boot": { name: "U_BOOT_PARAMETERS", words: /^U_BOOT_PARAMETERS$/ },
  };

/** Edits the last assignment to `name`, which is the one that counts; adds one if there is none. */
export function editVariable(text: string, name: string, edit: (value: string) => string): string {
  let count = 0;
  editAssignments(text, (variable) => {
    if (variable === name) count += 1;
    return null;
  });
  if (count === 0) return `${withNewline(text)}${name}="${edit("")}"\n`;
  let seen = 0;
  return editAssignments(text, (variable, value) => {
    if (variable !== name) return null;
    seen += 1;
    return seen === count ? edit(value) : null;
  });
}
