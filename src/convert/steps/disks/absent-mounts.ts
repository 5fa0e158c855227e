// SPDX-License-Identifier: Apache-2.0
// For disks that stay behind on purpose: their lines in fstab get `nofail`, so that the VM comes up without them. A person asks
// for it, since what should be written there is then written into the root file system.
import {
  type BlockGraph,
  findSpec,
  isHardwareName,
  type NodeId,
  parseDeviceSpec,
  partialVolume,
} from "../../../core/index.ts";
import { readVolumes, type Volumes } from "../../names/volumes.ts";
import { mapLines } from "../../text/lines.ts";
import { step, type StepContext } from "../step.ts";
import { fieldsOf } from "./fstab-text.ts";

export const absentMounts = step(
  {
    name: "absent-mounts",
    explains: "Adds nofail to lines of fstab whose disks are not given, so that the VM comes up without them",
    optional: true,
  },
  async ({ guest, intent, draft }) => {
    const volumes = readVolumes(guest, intent);
    await draft.edit("/etc/fstab", {
      why: "The disk stays behind: with nofail the boot does not stop there",
      edit: (text) => withNofail(text, { volumes, intent }),
    });
  },
);

/** fstab(5): device, mount point, type, options. */
const LINE = /^([ \t]*(?:[^ \t\r\n]+[ \t]+){3})([^ \t\r\n]+)/;
/** Served by another computer, or by nobody's disk. */
const OTHER_TYPES = /^(?:swap|nfs4?|cifs|smb3|ceph|9p|virtiofs|tmpfs|iso9660|udf)/;

type Given = { readonly volumes: Volumes; readonly intent: Pick<StepContext["intent"], "storage"> };

/** Pure. */
export function withNofail(text: string, { volumes, intent }: Given): string {
  return mapLines(text, (line) => {
    const fields = fieldsOf(line);
    const [, head = "", options = ""] = fields === null ? [] : (LINE.exec(line) ?? []);
    if (fields === null || options === "") return line;
    const { spec, path, type } = fields;
    if (path === "/" || OTHER_TYPES.test(type)) return line;
    if (options.split(",").some((word) => /^(?:nofail|noauto|_netdev|bind|loop)$/.test(word))) return line;
    const isAbsent = isHardwareName(spec)
      ? volumes.named(spec).kind === "absent"
      : parseDeviceSpec(spec).kind !== "other" && isLost(intent.storage, findSpec(intent.storage, spec));
    if (!isAbsent) return line;
    return `${head}${options},nofail${line.slice(head.length + options.length)}`;
  });
}

/** A volume of LVM of which a part stays behind is not activated. */
const isLost = (storage: BlockGraph, node: NodeId | null): boolean =>
  node === null || partialVolume(storage, node)?.missing.of === "volume";
