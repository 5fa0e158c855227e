// SPDX-License-Identifier: Apache-2.0
// Adds a new kernel to every boot menu of the guest that names an old one.
import type { GuestView } from "../../core/index.ts";
import type { Draft } from "../steps/draft.ts";
import { bootEntries } from "../loaders/boot-entries.ts";
import { grubLegacy } from "../loaders/grub-legacy.ts";
import { grub2Menus } from "../loaders/grub2.ts";
import { syslinux } from "../loaders/syslinux.ts";
import { type AddEntry, addGrubEntry, addLegacyEntry, addSyslinuxEntry, newBootEntry } from "./menu.ts";

const MENUS = [
  { files: grub2Menus, add: addGrubEntry },
  { files: grubLegacy, add: addLegacyEntry },
  { files: syslinux, add: addSyslinuxEntry },
] as const;

/** false: no menu names the kernel `from`, so there is no entry to copy. */
export async function addToMenus(
  { from, to }: { from: string; to: string },
  { view, draft }: { view: GuestView; draft: Draft },
): Promise<boolean> {
  const why = `The kernel ${to}, which has the drivers of a VM, is started first`;
  const done = { any: false };
  for (const { files, add } of MENUS)
    for (const path of await files.paths(view))
      await draft.edit(path, { why, edit: (text) => added(add, text) ?? text });
  for (const path of await bootEntries.paths(view)) {
    const entry = newBootEntry({ path, text: (await draft.read(path)) ?? "" }, { from, to });
    if (entry === null) continue;
    await draft.write(entry.path, { why, text: entry.text });
    done.any = true;
  }
  return done.any;

  function added(add: AddEntry, text: string): string | null {
    const edited = add(text, { from, to });
    if (edited !== null) done.any = true;
    return edited;
  }
}
