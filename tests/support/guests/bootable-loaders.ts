// SPDX-License-Identifier: Apache-2.0
// Systems that boot by other loaders than GRUB 2 of a BIOS, and how a file of a system is spoiled.
import assert from "node:assert/strict";
import type { Chain } from "../../../src/core/index.ts";
import { type Bootable, debian, ESP, RELEASE, ROOT } from "./bootable.ts";

export const CFG = "/boot/grub/grub.cfg";
export const FSTAB = "/etc/fstab";

/** A menu of GRUB legacy in the place of GRUB 2's. */
export function legacy(): Bootable {
  const system = debian();
  delete system.files[CFG];
  system.files["/boot/grub/menu.lst"] =
    `default 1\ntimeout 5\ntitle Old\n\troot (hd0,0)\n\tkernel /boot/vmlinuz-old root=UUID=${ROOT}\ntitle Debian\n\troot (hd0,0)\n\tkernel /boot/vmlinuz-${RELEASE} root=UUID=${ROOT} ro\n\tinitrd /boot/initrd.img-${RELEASE}\n`;
  system.disk = { ...system.disk, boot: { kind: "grub-legacy", core: true } };
  return system;
}

export function extlinux(): Bootable {
  const system = debian();
  delete system.files[CFG];
  system.files["/boot/extlinux/extlinux.conf"] =
    `DEFAULT linux\nLABEL linux\n  KERNEL ../vmlinuz-${RELEASE}\n  APPEND root=UUID=${ROOT} ro\n  INITRD ../initrd.img-${RELEASE}\n`;
  const starts = { kind: "syslinux" } as const;
  system.disk = { ...system.disk, boot: { kind: "active", partition: 1, starts } };
  return system;
}

const UEFI = { firmware: { kind: "uefi", secureBoot: false } } as const;

export function uefi(): Bootable {
  const system = debian();
  system.files[FSTAB] = `${textOf(system, FSTAB)}UUID=${ESP} /boot/efi vfat umask=0077 0 1\n`;
  system.files["/boot/efi/EFI/BOOT/BOOTX64.EFI"] = "MZ grub_cmd";
  system.files["/boot/efi/EFI/debian/grub.cfg"] =
    `search.fs_uuid ${ROOT} root hd0,gpt1 \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n`;
  system.parts.set(4, { kind: "filesystem", type: "vfat", uuid: ESP, label: null });
  system.disk = { ...system.disk, table: "gpt", boot: { kind: "none" } };
  system.intent = { ...system.intent, ...UEFI };
  return system;
}

export function systemdBoot(): Bootable {
  const system = uefi();
  delete system.files[CFG];
  delete system.files["/boot/efi/EFI/debian/grub.cfg"];
  system.files["/boot/efi/EFI/BOOT/BOOTX64.EFI"] = "MZ #### LoaderInfo: systemd-boot 252 ####";
  system.files["/boot/efi/loader/loader.conf"] = "default debian-*\n";
  system.files["/boot/efi/loader/entries/debian-6.1.conf"] =
    `title Debian\nlinux /0123abcd/6.1.0-18-amd64/linux\ninitrd /0123abcd/6.1.0-18-amd64/initrd\noptions root=UUID=${ROOT} ro\n`;
  system.files[`/boot/efi/0123abcd/6.1.0-18-amd64/linux`] = "kernel";
  system.files[`/boot/efi/0123abcd/6.1.0-18-amd64/initrd`] =
    system.files[`/boot/initrd.img-${RELEASE}`] ?? "";
  return system;
}

function textOf({ files }: Bootable, path: string): string {
  const file = files[path];
  assert.ok(typeof file === "string", `${path} is not text`);
  return file;
}

/** Replaces text in a file of the system; it must be there. */
export const edit =
  (path: string, from: string | RegExp, to: string) =>
  (system: Bootable): void => {
    const text = textOf(system, path);
    const edited = text.replaceAll(from instanceof RegExp ? new RegExp(from.source, "gm") : from, to);
    assert.notEqual(edited, text, `${path} has no ${String(from)}`);
    system.files[path] = edited;
  };

/** The links of one verdict, for messages. */
export const verdicts = ({ links }: Chain, verdict: string): readonly string[] =>
  links.flatMap((link) =>
    link.verdict === verdict ? [`${link.place}: ${String(link.text)}: ${String(link.why)}`] : [],
  );
