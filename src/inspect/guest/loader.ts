// SPDX-License-Identifier: Apache-2.0
// The guest's boot loader and the kernels its menu offers.
import type { GuestView } from "../../core/index.ts";

export type BootMenu = {
  readonly loader: string;
  /** Paths as the menu has them: without `/boot` where that is a file system of its own. */
  readonly kernels: readonly string[];
};

const MENU_BYTES = 4 * 2 ** 20;

/** In the order in which a file, when it is there, decides. `generic`: none is known. */
const LOADERS: readonly { readonly loader: string; readonly files: readonly string[] }[] = [
  { loader: "grub2", files: ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"] },
  { loader: "grub-legacy", files: ["/boot/grub/menu.lst", "/boot/grub/grub.conf"] },
  {
    loader: "extlinux",
    files: ["/boot/extlinux/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/extlinux.conf"],
  },
];

const ENTRY_DIRECTORIES = ["/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries"];

export async function readBootMenu(view: GuestView): Promise<BootMenu> {
  const entries = await readEntries(view);
  for (const { loader, files } of LOADERS)
    for (const file of files) {
      const text = await view.readText(file, { maxBytes: MENU_BYTES }).catch(() => "");
      if (text !== null) return { loader, kernels: [...parseKernelLines(text), ...entries] };
    }
  return { loader: entries.length > 0 ? "systemd-boot" : "generic", kernels: entries };
}

/** `linux`, `linux16`, `linuxefi`, `kernel` lines of GRUB 2, GRUB legacy and syslinux. */
export function parseKernelLines(text: string): readonly string[] {
  const paths = new Set<string>();
  for (const line of text.split("\n")) {
    const match = /^\s*(?:linux(?:16|efi)?|kernel|LINUX|KERNEL)\s+(?:\([^)]*\))?("[^"]+"|\S+)/.exec(line);
    if (match !== null) paths.add((match[1] ?? "").replaceAll('"', ""));
    if (paths.size > 1000) break;
  }
  return [...paths];
}

/** Boot Loader Specification (UAPI.1): one file per entry, `linux PATH` in it. */
async function readEntries(view: GuestView): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const directory of ENTRY_DIRECTORIES)
    for (const name of (await view.list(directory)).filter((one) => one.endsWith(".conf")).slice(0, 200))
      paths.push(...parseKernelLines((await view.readText(`${directory}/${name}`).catch(() => null)) ?? ""));
  return paths;
}
