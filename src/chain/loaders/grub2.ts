// SPDX-License-Identifier: Apache-2.0
// GRUB 2: runs its menu as it will be, and takes what that starts by itself.
import { asksForUser, type Chosen, chooseEntry, parseEnvironment } from "../grub/choose.ts";
import type { Device, Loads } from "../grub/load.ts";
import type { Word } from "../grub/parse.ts";
import { type GrubMenu, type MenuEntry, runGrub } from "../grub/run.ts";
import { grubWorld } from "../grub/world.ts";
import { type LoaderFound, noCountdown, type Waits } from "../entry.ts";
import { type Ground, readTextOr } from "../ground.ts";
import { pathsIn, placeOf } from "../places.ts";

const ENVIRONMENTS = ["/boot/grub/grubenv", "/boot/grub2/grubenv"];

const title = "GRUB 2";

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
  const world = grubWorld(ground);
  const root: Device = { node: place.node, title: "" };
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

async function started(menu: GrubMenu, context: Context): Promise<LoaderFound> {
  const chosen = chooseEntry(menu);
  const { path } = context;
  if (menu.cut !== null) return await beforeCut(menu, { ...context, chosen, cut: menu.cut });
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
  const found = await loadsOf(chosen, menu, context);
  if (found.kind === "entry" && found.entry.kernel !== null) return found;
  // `fallback` names what is started where the default entry fails.
  for (const wanted of (menu.variables.get("fallback") ?? "").split(/\s+/).slice(0, 8)) {
    if (wanted === "") continue;
    const other = chooseEntry({ entries: menu.entries, variables: new Map([["default", wanted]]) });
    const next = other?.named === true ? await loadsOf(other, menu, context) : null;
    if (next?.kind === "entry" && next.entry.kernel !== null) return next;
  }
  return found;
}

type Cut = Context & { readonly chosen: Chosen | null; readonly cut: string };

/** What stands behind the cut may add entries, which the default names only where it names none in front. */
async function beforeCut(menu: GrubMenu, { chosen, cut, ...context }: Cut): Promise<LoaderFound> {
  const found = chosen?.named === true ? await loadsOf(chosen, menu, context) : null;
  if (found?.kind !== "entry" || found.entry.kernel === null)
    return { kind: "unknown", title, why: `${context.path} could not be followed: ${cut}` };
  const unsure = `the default entry of ${context.path} as far as it was followed: ${cut}`;
  return { ...found, waits: null, unsure };
}

async function loadsOf(chosen: Chosen, menu: GrubMenu, { ground, path }: Context): Promise<LoaderFound> {
  const loads = await menu.load(chosen.entry);
  const entry = chosen.entry.title;
  const is = (why: string): LoaderFound => ({ kind: "broken", title, menu: path, why, advice: REMAKE });
  if (loads.kernel === null)
    return loads.chainloader === null
      ? is(`its default entry "${entry}" loads no kernel`)
      : {
          kind: "unknown",
          title,
          why: `its default entry "${entry}" starts another loader, ${loads.chainloader}`,
        };
  if (loads.device === null)
    return is(
      `its default entry "${entry}" loads ${loads.kernel} from a device that the VM does not have (${loads.errors[0] ?? "unknown device"})`,
    );
  const find = async (file: string): Promise<string | null> => await findFile(ground, loads, file);
  if (loads.hypervisor !== null && (await find(loads.hypervisor)) === null)
    return is(`its default entry "${entry}" starts ${loads.hypervisor}, and there is no such file`);
  return {
    kind: "entry",
    title,
    menu: path,
    waits: whatItWaitsFor(menu, chosen),
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
      unset: chosen.entry.unset ?? unsetIn(chosen.entry, menu),
    },
  };
}

/** GRUB asks for a user; and it counts down where `timeout` says so: without it, and below zero, it waits for a person. */
function whatItWaitsFor(menu: GrubMenu, chosen: Chosen): Waits | null {
  if (asksForUser(chosen, menu))
    return {
      why: `GRUB asks for a user and a password before it starts "${chosen.entry.title}", and waits at the console until somebody types them`,
      advice:
        "Type them at the VM's console at each start; or add --unrestricted to the entry on the machine, so that only changing it needs the password",
    };
  const timeout = menu.variables.get("timeout") ?? "";
  return timeout === "" || /^-\d+$/.test(timeout) ? noCountdown(timeout) : null;
}

/** Variables in the line of the kernel that nothing has set; what the entry itself sets is seen when it runs. */
function unsetIn({ body }: MenuEntry, { variables }: GrubMenu): readonly string[] {
  const lines = body.flatMap((one) =>
    one.kind === "command" && isKernelLine(one.words[0]) ? [one.words] : [],
  );
  const names = lines.flat(2).flatMap((piece) => ("variable" in piece ? [piece.variable] : []));
  return [...new Set(names)].filter((name) => !variables.has(name));
}

const isKernelLine = (word: Word | undefined): boolean =>
  word !== undefined && word.some((piece) => "text" in piece && /^linux(?:16|efi)?$/.test(piece.text));

async function findFile({ view, guest }: Ground, { device }: Loads, file: string): Promise<string | null> {
  for (const path of device === null ? [] : pathsIn(guest, device.node, file)) {
    const found = await view.resolve(path);
    if (found !== null) return found;
  }
  return null;
}
