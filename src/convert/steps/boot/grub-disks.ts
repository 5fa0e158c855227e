// SPDX-License-Identifier: Apache-2.0
// GRUB's own names of disks, (hd1,msdos1), count disks as the old firmware did. In the VM the disk that boots is the first:
// they become a search by UUID, or that first disk (GRUB legacy); what is not known is reported.
import { guestFiles, makeProblem } from "../../../core/index.ts";
import { editLegacyDisks, legacyUses } from "../../grub-disks/legacy.ts";
import { type GrubSystem, locate, placeOf, useKey } from "../../grub-disks/locate.ts";
import { editGrubDisks, type GrubUse, grubUses } from "../../grub-disks/uses.ts";
import { LEGACY_MENUS } from "../../loaders/grub-legacy.ts";
import { grub2Menus, grub2OwnEntries } from "../../loaders/grub2.ts";
import { readVolumes } from "../../names/volumes.ts";
import { step, type StepContext } from "../step.ts";

const WHY = "GRUB would count disks as the old firmware did; in the VM the disk that boots is the first";

export const grubDisks = step(
  {
    name: "grub-disks",
    explains:
      "Lets GRUB find its files by UUID, or on the VM's first disk, where a menu names disks by number",
  },
  async (context) => {
    const { view } = context;
    for (const kind of [grub2Menus, grub2OwnEntries])
      for (const path of await kind.paths(view)) await convertMenu(path, context);
    for (const path of LEGACY_MENUS) await convertLegacyMenu(path, context);
  },
);

const systemOf = ({ guest, intent, view }: StepContext, legacy: boolean): GrubSystem => ({
  guest,
  intent,
  view,
  volumes: readVolumes(guest, intent),
  legacy,
});

async function convertMenu(path: string, context: StepContext): Promise<void> {
  const { draft } = context;
  const text = await readMenu(path, context);
  if (text === null) return;
  const system = systemOf(context, false);
  const located = await locate(grubUses(text), system);
  const lost: GrubUse[] = [];
  await draft.edit(path, {
    why: WHY,
    edit: (there) =>
      editGrubDisks(there, (uses) => {
        const node = uses.map((use) => located.get(useKey(use))).find((one) => one !== undefined);
        const [use] = uses;
        const place = use === undefined ? null : placeOf(use.device, node, system);
        if (use !== undefined && place?.kind === "stays" && isDoubtful(use)) lost.push(use);
        return place ?? { kind: "stays" };
      }),
  });
  report(lost, path, context);
}

const MAX_MENU_BYTES = 8 * 2 ** 20;

/** null: there is none, or it is too large, which the step that names devices in it reported. */
async function readMenu(path: string, { view }: StepContext): Promise<string | null> {
  try {
    const bytes = await view.read(path, { maxBytes: MAX_MENU_BYTES });
    return bytes === null ? null : Buffer.from(bytes).toString("latin1");
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The disk that the firmware counts first boots, on both machines; what another system is started from may be gone. */
const isDoubtful = ({ device, command }: GrubUse): boolean =>
  !/^(?:hd|ahci|ata)0(?:,|$)/.test(device) && command !== "chainloader";

async function convertLegacyMenu(path: string, context: StepContext): Promise<void> {
  const { draft } = context;
  const text = await readMenu(path, context);
  if (text === null) return;
  const system = systemOf(context, true);
  const uses = legacyUses(text);
  const located = await locate(uses, system);
  const lost: GrubUse[] = [];
  await draft.edit(path, {
    why: WHY,
    edit: (there) =>
      editLegacyDisks(there, (device, own) => {
        // A line without a use of its own, such as `# groot=`, means what others mean by that name.
        const all = own.length > 0 ? own : uses.filter((use) => use.device === device);
        const node = all.map((use) => located.get(useKey(use))).find((one) => one !== undefined);
        const place = placeOf(device, node, system);
        const [use = { device, command: "", path: "" }] = own;
        if (place.kind !== "device" && !device.startsWith("hd0")) lost.push(use);
        return place;
      }),
  });
  report(lost, path, context);
}

function report(lost: readonly GrubUse[], path: string, { draft }: StepContext): void {
  const [first] = lost;
  if (first === undefined) return;
  draft.problem(
    makeProblem("grub-other-disk", {
      about: guestFiles(path),
      text: `${path} loads ${first.path === "" ? "" : `${first.path} `}from (${first.device}): GRUB counts disks as the firmware finds them, and in the VM their order may be another`,
      advice: "If GRUB reports that it finds no such device or file, edit that number in the menu (key e)",
    }),
  );
}
