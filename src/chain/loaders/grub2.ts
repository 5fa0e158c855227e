// SPDX-License-Identifier: Apache-2.0
// GRUB 2: runs its menu as it will be, and takes what that starts by itself.
import { chooseEntry, parseEnvironment } from "../grub/choose.ts";
import type { Device, Loads } from "../grub/load.ts";
import { type GrubMenu, runGrub } from "../grub/run.ts";
import { grubWorld } from "../grub/world.ts";
import type { LoaderFound } from "../entry.ts";
import { type Ground, readTextOr } from "../ground.ts";
import { pathsIn, placeOf } from "../places.ts";

const ENVIRONMENTS = ["/boot/grub/grubenv", "/boot/grub2/grubenv"];

type Start = {
  /** In the guest's tree: `/boot/grub/grub.cfg`, or that of an EFI directory. */
  readonly path: string;
  readonly platform: "pc" | "efi" | "xen";
};

const REMAKE =
  "Write the menu anew on the machine (update-grub, or grub2-mkconfig -o with its path), and plan again";

export async function readGrub2({ path, platform }: Start, ground: Ground): Promise<LoaderFound> {
  const { view, guest } = ground;
  const real = (await view.resolve(path)) ?? path;
  const place = placeOf(guest, real);
  const environment = await readEnvironment(ground, real);
  const world = grubWorld(ground, environment);
  const root: Device = { node: place.node, title: "" };
  const title = "GRUB 2";
  try {
    const menu = await runGrub(world, { root, path: place.path, platform, environment });
    if (menu === null)
      return { kind: "broken", title, menu: path, why: `${path} cannot be read`, advice: REMAKE };
    return await started(menu, { ground, path });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { kind: "unknown", title, why: `${path} could not be followed: ${error.message}` };
  }
}

async function readEnvironment(ground: Ground, menu: string): Promise<ReadonlyMap<string, string>> {
  const beside = `${menu.slice(0, menu.lastIndexOf("/"))}/grubenv`;
  const all = new Map<string, string>();
  for (const path of [...ENVIRONMENTS, beside])
    for (const [key, value] of parseEnvironment((await readTextOr(ground.view, path)) ?? ""))
      all.set(key, value);
  return all;
}

type Context = { readonly ground: Ground; readonly path: string };

async function started(menu: GrubMenu, { ground, path }: Context): Promise<LoaderFound> {
  const title = "GRUB 2";
  const chosen = chooseEntry(menu);
  if (chosen === null) {
    const why = menu.errors[0] ?? "it has no entry";
    return {
      kind: "broken",
      title,
      menu: path,
      why: `the menu ${path} starts nothing: ${why}`,
      advice: REMAKE,
    };
  }
  const loads = await menu.load(chosen.entry);
  const entry = chosen.entry.title;
  if (loads.kernel === null)
    return loads.chainloader === null
      ? {
          kind: "broken",
          title,
          menu: path,
          why: `its default entry "${entry}" loads no kernel`,
          advice: REMAKE,
        }
      : {
          kind: "unknown",
          title,
          why: `its default entry "${entry}" starts another loader, ${loads.chainloader}`,
        };
  if (loads.device === null)
    return {
      kind: "broken",
      title,
      menu: path,
      why: `its default entry "${entry}" loads ${loads.kernel} from a device that the VM does not have (${loads.errors[0] ?? "unknown device"})`,
      advice: REMAKE,
    };
  const find = async (file: string): Promise<string | null> => await findFile(ground, loads, file);
  return {
    kind: "entry",
    title,
    menu: path,
    entry: {
      title: entry,
      kernel: await find(loads.kernel),
      kernelWords: loads.kernel,
      words: loads.words,
      initramfs: await Promise.all(
        loads.initramfs.map(async (named) => ({ named, path: await find(named) })),
      ),
      hypervisor: loads.hypervisor,
      unified: false,
    },
  };
}

async function findFile({ view, guest }: Ground, { device }: Loads, file: string): Promise<string | null> {
  for (const path of device === null ? [] : pathsIn(guest, device.node, file)) {
    const found = await view.resolve(path);
    if (found !== null) return found;
  }
  return null;
}
