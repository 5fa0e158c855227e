// SPDX-License-Identifier: Apache-2.0
// The swap from which a hibernated system resumes, as initramfs-tools has it. A swap that is gone makes the boot wait.
import type { ConversionStep } from "../../core/index.ts";
import { Draft } from "../draft.ts";
import { editAssignments } from "../shell-file.ts";
import { readVolumes, type Volumes } from "../volumes.ts";

const DIRECTORY = "/etc/initramfs-tools";

export const resume: ConversionStep = {
  name: "resume",
  explains:
    "Names the swap to resume from by UUID in the configuration of initramfs-tools, or none if it is gone",
  async propose(context) {
    const draft = new Draft("resume", context);
    const volumes = readVolumes(context.guest, context.intent);
    const names = await context.view.list(`${DIRECTORY}/conf.d`);
    for (const path of [`${DIRECTORY}/initramfs.conf`, ...names.map((name) => `${DIRECTORY}/conf.d/${name}`)])
      await draft.edit(path, {
        why: "The initramfs looks for the swap by a name that the VM's disks have; for one that is gone it would wait",
        edit: (text) =>
          editAssignments(text, (name, value) => (name === "RESUME" ? resumeDevice(value, volumes) : null)),
      });
    return draft.proposal();
  },
};

/** The new value of RESUME= or `resume=`: `UUID=...`, `none`, or null for no change. */
export function resumeDevice(value: string, volumes: Volumes): string | null {
  const uuid =
    /^UUID=["']?([0-9A-Za-z-]+)["']?$/.exec(value)?.[1] ?? /^\/dev\/disk\/by-uuid\/([^/]+)$/.exec(value)?.[1];
  if (uuid !== undefined) return volumes.hasUuid(uuid) ? null : "none";
  const named = volumes.named(value);
  if (named.kind === "stable") return null;
  // A swap file is resumed from the file system it lies in, with resume_offset=.
  const kind = named.kind === "volume" ? named.node.holds.kind : "absent";
  const resumable = named.kind === "volume" && (kind === "swap" || kind === "filesystem");
  const found = resumable ? volumes.uuidOf(named.node) : null;
  return found === null ? "none" : `UUID=${found}`;
}
