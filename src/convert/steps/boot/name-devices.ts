// SPDX-License-Identifier: Apache-2.0
// Common to the steps of all boot loaders: root= and resume= get names that the VM's disks have.
import { guestFiles, makeProblem, named } from "../../../core/index.ts";
import type { Draft } from "../draft.ts";
import type { StepContext } from "../step.ts";
import { readVolumes } from "../../names/volumes.ts";
import type { CommandLineFiles, EditLine } from "../../loaders/command-lines.ts";
import { type DeviceNames, editDevices, nameStyle } from "../../loaders/devices.ts";

const WHY =
  "The kernel would look for its root, or the swap to resume from, by a name that the VM's disks do not have";
const WHY_SOURCE = `${WHY}; so that it survives when the menu is generated again`;

/** Menus are edited in place: a tool that generates them would look at this machine and its firmware. */
export async function nameDevices(
  kinds: readonly CommandLineFiles[],
  { guest, intent, view, draft }: StepContext,
): Promise<DeviceNames> {
  const names = { volumes: readVolumes(guest, intent), style: nameStyle(guest), lost: new Set<string>() };
  const loaders = new Map<string, string>();
  for (const kind of kinds)
    for (const path of await kind.paths(view)) {
      const before = names.lost.size;
      const why = kind.role === "menu" ? WHY : WHY_SOURCE;
      await editFile(kind, path, { draft, why, edit: (line) => editDevices(line, names) });
      for (const name of [...names.lost].slice(before)) loaders.set(name, path);
    }
  for (const [name, path] of [...loaders].slice(0, 20))
    draft.problem(
      makeProblem("root-not-given", {
        about: [...named("device", name), ...guestFiles(path)],
        text: `${path} names root=${name}, and none of the given disks holds it`,
        advice:
          "If this is the entry that boots by default, the VM will not find its root; give that disk too",
      }),
    );
  return names;
}

/** Edits one file of a loader, and reports it if the edited text does not fit. */
export async function editFile(
  kind: CommandLineFiles,
  path: string,
  {
    draft,
    why,
    edit,
    severity = kind.severity,
  }: { draft: Draft; why: string; edit: EditLine; severity?: CommandLineFiles["severity"] },
): Promise<void> {
  let fits = true;
  await draft.edit(path, {
    why,
    severity,
    edit: (text) => {
      const edited = kind.edit(text, edit);
      fits = edited !== null;
      return edited ?? text;
    },
  });
  if (!fits)
    draft.problem(
      makeProblem("loader-file-full", {
        about: guestFiles(path),
        text: `${path} in the guest has a fixed size, and the new words of its command line do not fit`,
        advice: "Shorten the command line there on the machine, and make the plan again",
      }),
    );
}
