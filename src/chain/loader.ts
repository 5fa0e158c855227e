// SPDX-License-Identifier: Apache-2.0
// The second link: the loader's menu, and what its default entry starts.
import { type ChainLink, guestFiles } from "../core/index.ts";
import type { DefaultEntry, LoaderFound } from "./entry.ts";
import type { Started } from "./firmware/started.ts";
import { assumed, broken, type Ground, proven } from "./ground.ts";
import { readGrub2 } from "./loaders/grub2.ts";
import { readGrubLegacy } from "./loaders/grub-legacy.ts";
import { readLilo } from "./loaders/lilo.ts";
import { readSyslinux } from "./loaders/syslinux.ts";
import { readSystemdBoot } from "./loaders/systemd-boot.ts";

const place = "loader";

export type Loaded = { readonly link: ChainLink; readonly entry: DefaultEntry | null };

export async function readLoaderLink(started: Started, ground: Ground): Promise<Loaded> {
  if (started.other !== undefined)
    return {
      link: assumed(place, {
        text: `${started.other} starts something`,
        why: "its configuration is not read here: whether it starts this system is not known",
      }),
      entry: null,
    };
  const found = await findMenu(started, ground).catch(tooLarge);
  if (found === null)
    return {
      link: assumed(place, {
        text: "a boot loader starts the kernel",
        why: "no menu of a loader that is known here was found",
      }),
      entry: null,
    };
  const about = "menu" in found && found.menu !== null ? guestFiles(found.menu) : [];
  if (found.kind === "unknown")
    return { link: assumed(place, { text: found.title, why: found.why, about }), entry: null };
  if (found.kind === "broken")
    return {
      link: broken(place, { text: found.title, why: found.why, advice: found.advice, about }),
      entry: null,
    };
  const { entry } = found;
  const text = `${found.title} starts "${entry.title}"`;
  const waits = isReadByHost(ground) ? null : (found.waits ?? null);
  if (waits !== null) return { link: assumed(place, { text, ...waits, about }), entry };
  if (found.unsure !== undefined) return { link: assumed(place, { text, why: found.unsure, about }), entry };
  const why = `the default entry of ${found.menu}`;
  return started.isGuess === true
    ? {
        link: assumed(place, { text, why: `${why}; whether this loader is started is not known`, about }),
        entry,
      }
    : { link: proven(place, { text, why, about }), entry };
}

/** pygrub, and a host that takes the kernel out, ask for nothing and wait for nobody. */
const isReadByHost = ({ platform, vm }: Ground): boolean =>
  platform === "xen" && (vm.xen.loader === "pygrub" || vm.xen.loader === "kernel");

/** A part of a menu says nothing of its default entry. */
function tooLarge(error: unknown): LoaderFound {
  if (!(error instanceof RangeError)) throw error;
  return { kind: "unknown", title: "a boot loader starts the kernel", why: error.message };
}

const GRUB2_MENUS = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];

async function findMenu({ loader, menu }: Started, ground: Ground): Promise<LoaderFound | null> {
  switch (loader) {
    case "grub2": {
      const bios = ground.vm.firmware.kind === "bios";
      const platform = ground.platform === "xen" ? "xen" : bios ? "pc" : "efi";
      const paths = menu === null ? GRUB2_MENUS : [menu];
      for (const path of paths)
        if ((await ground.view.resolve(path)) !== null) return await readGrub2({ path, platform }, ground);
      const legacy = await readGrubLegacy(ground);
      if (legacy !== null) return legacy.kind === "entry" ? { ...legacy, title: "GRUB" } : legacy;
      if (hasElsewhere(ground))
        return {
          kind: "unknown",
          title: "GRUB 2",
          why: "its menu is not in this system; another file system of these disks may hold it",
        };
      return {
        kind: "broken",
        title: "GRUB 2",
        menu: null,
        why: `its menu is not there (${paths.join(", ")})`,
        advice: "Write it on the machine (update-grub, or grub2-mkconfig), and plan again",
      };
    }
    case "grub-legacy":
      return await readGrubLegacy(ground);
    case "syslinux":
      return await readSyslinux(ground);
    case "systemd-boot":
      return await readSystemdBoot(specRoots(ground), ground);
    case "lilo":
      return (
        (await readLilo(ground)) ?? {
          kind: "unknown",
          title: "LILO",
          why: "there is no /etc/lilo.conf with an image: what its map on the disk starts is not known",
        }
      );
    case "stub":
      return null;
    case null:
      return ground.vm.firmware.kind === "bios" ? await readLilo(ground) : null;
  }
}

/** Are there file systems that this system does not mount? Another system's GRUB may start it. */
const hasElsewhere = ({ guest, intent }: Ground): boolean =>
  intent.storage.nodes.some(
    ({ id, holds }) =>
      holds.kind === "filesystem" && id !== guest.root && guest.mounts.every(({ node }) => node !== id),
  );

/** Where EFI system partition and boot partition may be. */
const specRoots = ({ guest }: Ground): readonly string[] => {
  const mounted = guest.mounts.map(({ path }) => path);
  return ["/efi", "/boot/efi", "/boot"].filter((path) => mounted.includes(path) || path === "/boot");
};
