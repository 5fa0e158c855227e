// SPDX-License-Identifier: Apache-2.0
// GRUB 2: `root=` and `resume=` in its menus, its environment block and the sources of the menus. Edited in place:
// grub-mkconfig would look at this machine (in other tools it broke guests of another firmware mode).
import { isHardwareName } from "../../../core/index.ts";
import { step } from "../step.ts";
import { commentOut, mapLines } from "../../text/lines.ts";
import { LOADER_FILES } from "../../loaders/list.ts";
import { convertCommandLines } from "./command-lines.ts";
import { grubDefaults } from "../../loaders/sources.ts";
import { editAssignments } from "../../text/shell-file.ts";
import { readVolumes, type Volumes } from "../../names/volumes.ts";

export const grub = step(
  {
    name: "grub",
    explains:
      "Names devices of the command line by UUID, or takes them out, in GRUB's menu, grubenv and /etc/default/grub",
  },
  async (context) => {
    const { guest, intent, view, draft } = context;
    const volumes = readVolumes(guest, intent);
    await convertCommandLines(LOADER_FILES.grub, context);
    for (const path of await grubDefaults(view))
      await draft.edit(path, {
        why: "update-grub would name disks by their order again",
        edit: (text) => renderDefaults(text, volumes),
      });
  },
);

/** GRUB_DEVICE is not a documented setting, but grub-mkconfig uses it. */
function renderDefaults(text: string, volumes: Volumes): string {
  const edited = editAssignments(text, (name, value) => {
    if (!/^GRUB_DEVICE(_BOOT)?$/.test(name) || !isHardwareName(value)) return null;
    const named = volumes.named(value);
    const uuid = named.kind === "volume" ? volumes.uuidOf(named.node) : null;
    return uuid === null ? null : `/dev/disk/by-uuid/${uuid}`;
  });
  return mapLines(edited, (line) =>
    /^[ \t]*(?:export[ \t]+)?GRUB_DISABLE_LINUX_UUID=["']?true["']?/.test(line)
      ? commentOut(line, "with it, update-grub would name disks by their order again")
      : line,
  );
}
