// SPDX-License-Identifier: Apache-2.0
// The first link: what the VM's firmware starts. BIOS: boot code on the disk that boots. UEFI: an entry, or the fallback loader.
// Xen: its own reader of the guest's menu.
import { type BootCode, findNode, named } from "../../core/index.ts";
import { assumed, broken, type Ground, proven } from "../ground.ts";
import { readEfiStart } from "./efi.ts";
import { loaderOf, type Started } from "./started.ts";

const place = "firmware";

export async function startFirmware(ground: Ground): Promise<Started> {
  if (ground.platform === "xen" && ground.vm.xen.loader !== "firmware") return startXen(ground);
  return ground.vm.firmware.kind === "bios" ? startBios(ground) : await readEfiStart(ground);
}

function startXen({ vm, guest }: Ground): Started {
  const { type, loader } = vm.xen;
  const text = { pygrub: "pygrub on the host", pvgrub: "GRUB for Xen", kernel: "the host" }[
    loader === "firmware" ? "kernel" : loader
  ];
  return {
    link: proven(place, {
      text: `Xen (${type}): ${text} reads the guest's menu`,
      why: "it needs no boot code on the disk",
    }),
    loader:
      guest.loader === "grub-legacy" ? "grub-legacy" : guest.loader === "extlinux" ? "syslinux" : "grub2",
    menu: null,
  };
}

const INSTALL =
  "Start the machine and install its loader on this disk there (grub-install /dev/DISK), or give the disk that has it too; a VM without one can also be started with its kernel beside it (direct kernel boot)";

function startBios({ vm, intent, guest }: Ground): Started {
  const index = vm.disks.findIndex(({ boot }) => boot);
  const number = intent.disks[index]?.number ?? 1;
  const disk = findNode(intent.storage, `disk:${number}`);
  const holds = disk?.holds.kind === "disk" ? disk.holds : null;
  const on = `disk ${number}`;
  const about = named("disk", disk?.path ?? `${number}`);
  const code = holds?.boot;
  if (holds === null || code === undefined)
    return {
      link: assumed(place, { text: `BIOS starts ${on}`, why: "nobody looked at its first sector", about }),
      loader: loaderOf(guest.loader),
      menu: null,
      isGuess: true,
    };
  const whole = code.kind === "active" ? code.starts : code;
  const text = `BIOS starts ${describe(code)} of ${on}`;
  const none = (why: string): Started => ({
    link: broken(place, { text: `BIOS starts ${on}`, why, advice: INSTALL, about }),
    loader: loaderOf(guest.loader),
    menu: null,
  });
  if (code.kind === "none")
    return none(
      holds.table === "none"
        ? `there is no partition table and no boot code on ${on}: a file system begins at its first byte, and no firmware can start it`
        : `there is no boot code in the first sector of ${on}`,
    );
  if (whole === null)
    return none(
      `the code in the first sector of ${on} starts the active partition, and no partition is active`,
    );
  if (whole.kind === "none")
    return none(
      `the code in the first sector of ${on} starts its active partition, and that has no boot code`,
    );
  if ((whole.kind === "grub2" || whole.kind === "grub-legacy") && !whole.core)
    return none(`GRUB's first sector is on ${on}, and what it loads next is not`);
  const known = { grub2: "grub2", "grub-legacy": "grub-legacy", syslinux: "syslinux", lilo: "lilo" } as const;
  const loader = whole.kind in known ? known[whole.kind as keyof typeof known] : null;
  return {
    link:
      loader === null
        ? assumed(place, { text, why: "its loader is not one that is read here", about })
        : proven(place, {
            text,
            why:
              loader === "lilo"
                ? "its first sector was read"
                : "its first sector was read, and what it loads is there",
            about,
          }),
    loader: loader ?? loaderOf(guest.loader),
    menu: null,
    isGuess: loader === null,
  };
}

function describe(code: BootCode): string {
  switch (code.kind) {
    case "grub2":
      return "GRUB 2 in the first sector";
    case "grub-legacy":
      return "GRUB legacy in the first sector";
    case "syslinux":
      return "SYSLINUX";
    case "lilo":
      return "LILO";
    case "active":
      return `the active partition (${code.starts === null ? "none" : describe(code.starts)})`;
    case "none":
    case "other":
      return "unknown boot code";
  }
}
