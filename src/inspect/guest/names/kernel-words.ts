// SPDX-License-Identifier: Apache-2.0
// What kernels are told of disks, in whatever file a boot loader or its tools keep it: enough to learn names from, not to judge.
import type { Alias, Claim, GuestView, Wanted } from "../../../core/index.ts";

const FILES = [
  "/boot/grub/grub.cfg",
  "/boot/grub2/grub.cfg",
  "/boot/grub/menu.lst",
  "/boot/grub/grub.conf",
  "/boot/grub/grubenv",
  "/boot/grub2/grubenv",
  "/boot/extlinux/extlinux.conf",
  "/boot/extlinux.conf",
  "/boot/syslinux/syslinux.cfg",
  "/etc/default/grub",
  "/etc/kernel/cmdline",
  "/etc/sysconfig/bootloader",
  "/etc/initramfs-tools/conf.d/resume",
  "/etc/initramfs-tools/initramfs.conf",
  "/etc/update-extlinux.conf",
  "/etc/lilo.conf",
  "/boot/refind_linux.conf",
  "/boot/limine.conf",
  "/boot/efi/limine.conf",
  "/etc/dracut.conf",
];
const DIRECTORIES = [
  "/boot/loader/entries",
  "/boot/efi/loader/entries",
  "/efi/loader/entries",
  "/etc/cmdline.d",
  "/etc/dracut.conf.d",
];
const VENDORS = "/boot/efi/EFI";
const MAX_FILES = 100;
const MAX_BYTES = 4 * 2 ** 20;
const MAX_WORDS = 500;

/** Of words that name one device: what the system takes it for. dracut.cmdline(7), initramfs-tools(7), genkernel(8). */
const WANTED: Readonly<Record<string, Wanted>> = {
  root: { kind: "filesystem", types: "auto", path: "/" },
  real_root: { kind: "filesystem", types: "auto", path: "/" },
  resume: { kind: "swap" },
  RESUME: { kind: "swap" },
  "mount.usr": { kind: "filesystem", types: "auto", path: "/usr" },
};

/** Files that hold words for kernels, in whatever form. */
export async function readKernelFiles(
  view: GuestView,
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const files: { path: string; text: string }[] = [];
  for (const path of await filesOf(view)) {
    const text = await readOr(view, path);
    if (text !== null) files.push({ path, text });
  }
  return files;
}

export async function readKernelClaims(view: GuestView): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (const { path, text } of await readKernelFiles(view)) {
    for (const claim of parseKernelClaims(text, path)) claims.push(claim);
    if (claims.length > MAX_WORDS) break;
  }
  return claims.slice(0, MAX_WORDS);
}

/**
 * Pure. Entries of a menu may be for another system: none of these claims is firm, and of root= the first counts, which is
 * the system's own (grub-mkconfig puts what os-prober found behind it).
 */
export function parseKernelClaims(text: string, from: string): readonly Claim[] {
  const claims: Claim[] = [];
  const seen = new Set<string>();
  for (const [, key = "", spec = ""] of text.matchAll(
    /(?:^|[\s"':])(root|real_root|resume|RESUME|mount\.usr)[ \t]*=[ \t]*["']?(\/dev\/[^\s"']{1,200})/gm,
  )) {
    const wants = WANTED[key];
    if (wants === undefined || (seen.has(key) && wants.kind === "filesystem")) continue;
    seen.add(key);
    claims.push({ spec, from, wants, firm: false });
    if (claims.length >= MAX_WORDS) return claims;
  }
  // grub-mkconfig: search --no-floppy --fs-uuid --set=root --hint-bios=hd0,msdos1 ... UUID
  for (const [line] of text.matchAll(/^[^\n#]{0,40}\bsearch[ \t][^\n]{0,800}$/gm)) {
    const spec = /--hint-bios=["']?([a-z0-9,]{1,40})/.exec(line)?.[1];
    const uuid = /[ \t]([0-9A-Fa-f-]{8,40})[ \t]*$/.exec(line)?.[1];
    if (spec !== undefined && uuid !== undefined && /--fs-uuid|(?:^|[ \t])-u\b/.test(line))
      claims.push({ spec, from, wants: { kind: "uuid", uuid }, firm: false });
    if (claims.length >= MAX_WORDS) break;
  }
  return claims;
}

/** `(hd0)	/dev/disk/by-id/ata-...` of GRUB's device.map. */
export async function readDeviceMap(view: GuestView): Promise<readonly Alias[]> {
  const aliases: Alias[] = [];
  for (const path of ["/boot/grub/device.map", "/boot/grub2/device.map"])
    for (const [, disk = "", device = ""] of ((await readOr(view, path)) ?? "").matchAll(
      /^[ \t]*\((hd\d{1,2})\)[ \t]+(\/dev\/\S{1,200})/gm,
    ))
      if (aliases.length < MAX_WORDS) aliases.push([disk, device]);
  return aliases;
}

async function filesOf(view: GuestView): Promise<readonly string[]> {
  const found = [...FILES];
  for (const directory of DIRECTORIES)
    found.push(
      ...(await listOr(view, directory))
        .filter((name) => name.endsWith(".conf"))
        .map((name) => `${directory}/${name}`),
    );
  found.push(...(await listOr(view, VENDORS)).map((vendor) => `${VENDORS}/${vendor}/grub.cfg`));
  return found.slice(0, MAX_FILES);
}

async function readOr(view: GuestView, path: string): Promise<string | null> {
  return await view.readText(path, { maxBytes: MAX_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  });
}

async function listOr(view: GuestView, path: string): Promise<readonly string[]> {
  return await view.list(path).catch((error: unknown) => {
    if (error instanceof RangeError) return [];
    throw error;
  });
}
