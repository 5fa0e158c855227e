// SPDX-License-Identifier: Apache-2.0
// GRUB 2: its menus, also those on the EFI system partition, and what a user adds to them.
import type { GuestView } from "../../core/index.ts";
import { editLinuxLines } from "./grub-cfg.ts";
import { mapLines, MAX_LINE } from "../text/lines.ts";
import { type CommandLineFiles, type EditLine, only } from "./command-lines.ts";

export const GRUB_MENUS = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"] as const;
/** RHEL 7 and CentOS 7 have their only menu there; on RHEL 9, Debian and Ubuntu it only loads the one in /boot. */
const ESPS = ["/boot/efi/EFI", "/efi/EFI", "/boot/EFI"] as const;
const OWN = [
  "/boot/grub/custom.cfg",
  "/boot/grub2/custom.cfg",
  "/boot/grub2/user.cfg",
  "/etc/grub.d/40_custom",
  "/etc/grub.d/41_custom",
] as const;

export const grub2Menus: CommandLineFiles = {
  title: "GRUB's menu",
  severity: "stops",
  role: "menu",
  paths: async (view) => [...GRUB_MENUS, ...(await espMenus(view))],
  edit: editMenu,
};

export const grub2OwnEntries: CommandLineFiles = {
  title: "GRUB's own entries",
  severity: "warns",
  role: "menu",
  paths: () => Promise.resolve(OWN),
  edit: editMenu,
};

async function espMenus(view: GuestView): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const esp of ESPS)
    for (const vendor of (await view.list(esp).catch(() => [])).slice(0, 50))
      paths.push(`${esp}/${vendor}/grub.cfg`);
  return paths;
}

/** `set kernelopts="root=..."`: where grubenv has none, RHEL 8 falls back on this (grub2's 10_linux there). */
const KERNELOPTS = /^([ \t]*set[ \t]+(?:default_)?kernelopts=")([^"\r\n]*)(".*)$/s;

function editMenu(text: string, edit: EditLine): string {
  const edited = editLinuxLines(text, ({ line, image, hasInitramfs }) =>
    edit(only(line, { hasInitramfs, image })),
  );
  return mapLines(edited, (line) => {
    const [, before = "", words, after = ""] = line.length > MAX_LINE ? [] : (KERNELOPTS.exec(line) ?? []);
    return words === undefined ? line : `${before}${edit(only(words))}${after}`;
  });
}
