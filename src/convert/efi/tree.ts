// SPDX-License-Identifier: Apache-2.0
// Files of an EFI system partition. FAT knows no case: names are looked up without it, and new ones go where old ones are.
import type { GuestView } from "../../core/index.ts";

/** shim, GRUB and systemd-boot have 0.1 to 4 MiB; a unified kernel image is not a boot loader. */
const MAX_LOADER_BYTES = 16 * 2 ** 20;

/** What the names of loaders end with (UEFI specification 3.5.1.1). null: no firmware of ours boots such a guest. */
export function efiArch(arch: string): string | null {
  const names: Readonly<Record<string, string>> = { x86_64: "x64", aarch64: "aa64", i686: "ia32" };
  return names[arch] ?? null;
}

/** The path below `base` in the case used there; parts that do not exist yet in the case given. */
export async function efiPath(view: GuestView, base: string, names: readonly string[]): Promise<string> {
  let at = base;
  for (const name of names) {
    const found = (await listNames(view, at)).find((listed) => listed.toLowerCase() === name.toLowerCase());
    at = `${at}/${found ?? name}`;
  }
  return at;
}

/** null: not there, or too large to be a boot loader. */
export async function readLoader(
  view: GuestView,
  base: string,
  names: readonly string[],
): Promise<Buffer | null> {
  const path = await efiPath(view, base, names);
  try {
    const bytes = await view.read(path, { maxBytes: MAX_LOADER_BYTES });
    return bytes === null ? null : Buffer.from(bytes);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** At most 100 names, however many there are. */
export async function listNames(view: GuestView, path: string): Promise<readonly string[]> {
  const names = await view.list(path).catch((error: unknown) => {
    if (error instanceof RangeError) return [];
    throw error;
  });
  return names.slice(0, 100);
}
