// SPDX-License-Identifier: Apache-2.0
// Which root a system's own boot menus start, and which file systems the loaders on an EFI partition look for.
import type { GuestView } from "../../core/index.ts";

const MENUS = [
  "/boot/grub/grub.cfg",
  "/boot/grub2/grub.cfg",
  "/boot/grub/menu.lst",
  "/boot/grub/grub.conf",
  "/boot/extlinux/extlinux.conf",
  "/boot/extlinux.conf",
  "/boot/syslinux/syslinux.cfg",
  "/etc/lilo.conf",
];
const ENTRIES = ["/boot", "/efi", "/boot/efi"].map((base) => `${base}/loader/entries`);
const GRUBENV = ["/boot/grub2/grubenv", "/boot/grub/grubenv"];
const ESP_VENDORS = ["/boot/efi/EFI", "/efi/EFI"];
const MAX_BYTES = 4 * 2 ** 20;
const MAX_FILES = 50;

/** The value of root= in the first entry of each menu; of Boot Loader Specification entries each has one. */
export const readMenuRoots = (view: GuestView): Promise<readonly string[]> => readMenuWords(view, "root");

/** The same of another word. */
export async function readMenuWords(view: GuestView, word: string): Promise<readonly string[]> {
  const entries: string[] = [];
  for (const directory of ENTRIES)
    for (const name of (await list(view, directory)).filter((one) => one.endsWith(".conf")))
      entries.push(`${directory}/${name}`);
  const values = new Set<string>();
  for (const path of [...MENUS, ...GRUBENV, ...entries]) {
    const value = firstWord((await read(view, path)) ?? "", word);
    if (value !== null) values.add(value);
  }
  return [...values];
}

/** Pure. grub-mkconfig puts what os-prober found of other systems behind the system's own entries. */
export function firstWord(menu: string, word: string): string | null {
  const pattern = new RegExp(
    `(?:^|[\\s"'=])${word.replaceAll(".", "\\.")}[ \\t]*=[ \\t]*["']?((?:[A-Z]+=)?[^\\s"'$(]{1,250})`,
  );
  for (const line of menu.split("\n")) {
    if (/^\s*#/.test(line)) continue;
    const value = pattern.exec(line)?.[1];
    if (value !== undefined && (word !== "root" || /^(?:[A-Z]+=|\/dev\/)/.test(value))) return value;
  }
  return null;
}

/** UUIDs of `search.fs_uuid` lines: the GRUB of Debian, Ubuntu and Fedora on an EFI partition goes on to that file system. */
export async function readStartedUuids(view: GuestView): Promise<readonly string[]> {
  const uuids: string[] = [];
  for (const directory of ESP_VENDORS)
    for (const vendor of await list(view, directory)) {
      const text = (await read(view, `${directory}/${vendor}/grub.cfg`)) ?? "";
      for (const [, uuid = ""] of text.matchAll(
        /^[ \t]*search(?:\.fs_uuid|[ \t][^\n]{0,200}--fs-uuid)[^\n]{0,200}?[ \t]([0-9A-Fa-f-]{8,40})(?:[ \t]|$)/gm,
      ))
        uuids.push(uuid);
    }
  return uuids.slice(0, MAX_FILES);
}

async function read(view: GuestView, path: string): Promise<string | null> {
  return await view.readText(path, { maxBytes: MAX_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  });
}

async function list(view: GuestView, directory: string): Promise<readonly string[]> {
  const names = await view.list(directory).catch((error: unknown) => {
    if (error instanceof RangeError) return [];
    throw error;
  });
  return names.slice(0, MAX_FILES);
}
