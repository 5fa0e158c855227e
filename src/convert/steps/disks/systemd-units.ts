// SPDX-License-Identifier: Apache-2.0
// Units of systemd that an administrator wrote: mounts and swaps name their devices, and others name units after devices. A swap
// unit is named after its device: it gets a new name together with it, and so do the links that start it.
import { guestFiles, type GuestView, makeProblem, named } from "../../../core/index.ts";
import { readVolumes, type Volumes } from "../../names/volumes.ts";
import { step, type StepContext } from "../step.ts";
import { editUnit, stableUnitName } from "./unit-devices.ts";

const DIRECTORY = "/etc/systemd/system";
const MAX_UNITS = 1000;
const MAX_PROBLEMS = 20;
const WHY = "Disks have other names in the VM; the UUID is the same everywhere";

export const systemdUnits = step(
  {
    name: "systemd-units",
    explains: "Names devices in units of systemd by UUID instead of by disks of the old machine",
  },
  async (context) => {
    const { guest, intent, view, draft } = context;
    const volumes = readVolumes(guest, intent);
    const names = await listOr(view, DIRECTORY);
    let problems = 0;
    // What gets a new name is written there as a whole.
    const kept = names.filter((name) => newName(name, volumes) === null);
    for (const path of await unitFiles(view, kept)) {
      let lost: readonly string[] = [];
      await draft.edit(path, {
        why: WHY,
        edit(text) {
          const edited = editUnit(text, volumes);
          lost = edited.lost;
          return edited.text;
        },
      });
      if (lost.length > 0 && (problems += 1) <= MAX_PROBLEMS) draft.problem(needsLost(path, lost));
    }
    for (const directory of ["", ...names.filter((name) => /\.(?:wants|requires)$/.test(name))])
      await renameIn(directory === "" ? DIRECTORY : `${DIRECTORY}/${directory}`, volumes, context);
  },
);

/** Units, and what is put beside them (`x.mount.d/*.conf`); masked ones are links to /dev/null, which have no text. */
async function unitFiles(view: GuestView, names: readonly string[]): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const name of names.slice(0, MAX_UNITS)) {
    const path = `${DIRECTORY}/${name}`;
    if (/\.(?:mount|automount|swap|service|socket|target|timer|path)$/.test(name)) paths.push(path);
    if (name.endsWith(".d"))
      for (const part of (await listOr(view, path)).slice(0, MAX_UNITS))
        if (part.endsWith(".conf")) paths.push(`${path}/${part}`);
  }
  return paths.slice(0, MAX_UNITS);
}

/** null: it keeps its name. `dev-sda2.swap.d` goes with `dev-sda2.swap`. */
function newName(name: string, volumes: Volumes): string | null {
  const unit = name.replace(/\.(?:d|wants|requires)$/, "");
  const renamed = stableUnitName(unit, volumes);
  return renamed === null || renamed === unit ? null : `${renamed}${name.slice(unit.length)}`;
}

/** Files and links that are named after a device of the old machine. */
async function renameIn(directory: string, volumes: Volumes, context: StepContext): Promise<void> {
  const { view, draft } = context;
  for (const name of (await listOr(view, directory)).slice(0, MAX_UNITS)) {
    const renamed = newName(name, volumes);
    if (renamed === null) continue;
    const [from, to] = [`${directory}/${name}`, `${directory}/${renamed}`];
    const state = await view.state(from).catch(() => null);
    if (state?.kind === "link" && state.target !== "/dev/null") {
      await draft.unlink(from, { why: WHY });
      const target = state.target.replace(/[^/]+$/, (last) => stableUnitName(last, volumes) ?? last);
      await draft.link(to, { target, why: WHY });
    }
    if (state?.kind === "bytes") await rename(from, to, volumes, context);
    if (state?.kind === "directory") await moveDirectory({ from, to }, volumes, context);
  }
}

/** `dev-sda2.swap.d`, `dev-sda2.swap.wants`: what lies in it goes along. */
async function moveDirectory(
  { from, to }: { from: string; to: string },
  volumes: Volumes,
  context: StepContext,
): Promise<void> {
  const { view, draft } = context;
  for (const name of (await listOr(view, from)).slice(0, MAX_UNITS)) {
    const state = await view.state(`${from}/${name}`).catch(() => null);
    if (state?.kind === "bytes") await rename(`${from}/${name}`, `${to}/${name}`, volumes, context);
    if (state?.kind !== "link") continue;
    await draft.unlink(`${from}/${name}`, { why: WHY });
    await draft.link(`${to}/${name}`, { target: state.target, why: WHY });
  }
}

async function rename(from: string, to: string, volumes: Volumes, { draft }: StepContext): Promise<void> {
  const text = await draft.read(from);
  if (text === null) return;
  const edited = Buffer.from(editUnit(text, volumes).text, "latin1").toString("utf8");
  await draft.write(to, { why: WHY, text: edited });
  await draft.remove(from, { why: "It has a new name, after its device" });
}

const needsLost = (path: string, lost: readonly string[]) =>
  makeProblem("unit-not-given", {
    about: [...named("device", ...lost), ...guestFiles(path)],
    text: `${path} needs ${[...new Set(lost)].join(" and ")}, and no given disk has that name`,
    advice: "Give that disk too, or take the line out: systemd waits for it, and does not start the unit",
  });

async function listOr(view: GuestView, path: string): Promise<readonly string[]> {
  return await view.list(path).catch((error: unknown) => {
    if (error instanceof RangeError) return [];
    throw error;
  });
}
