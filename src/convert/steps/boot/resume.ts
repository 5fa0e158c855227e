// SPDX-License-Identifier: Apache-2.0
// The swap from which a hibernated system resumes, as initramfs-tools has it. The boot waits for a swap that is gone.
import { step } from "../step.ts";
import { resumeName } from "../../loaders/devices.ts";
import { editAssignments } from "../../text/shell-file.ts";
import { readVolumes } from "../../names/volumes.ts";

const DIRECTORY = "/etc/initramfs-tools";

export const resume = step(
  {
    name: "resume",
    explains:
      "Names the swap to resume from by UUID in the configuration of initramfs-tools, or none if it is gone",
  },
  async ({ guest, intent, view, draft }) => {
    const volumes = readVolumes(guest, intent);
    const names = await view.list(`${DIRECTORY}/conf.d`);
    for (const path of [`${DIRECTORY}/initramfs.conf`, ...names.map((name) => `${DIRECTORY}/conf.d/${name}`)])
      await draft.edit(path, {
        why: "The initramfs would wait for a swap that the VM's disks do not have by that name",
        edit: (text) =>
          editAssignments(text, (name, value) =>
            name === "RESUME" ? resumeName(value, { volumes, style: "UUID=" }) : null,
          ),
      });
  },
);
