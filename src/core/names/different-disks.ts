// SPDX-License-Identifier: Apache-2.0
// When two names of the old machine cannot be of one disk. Pure.
import { diskKey, type HardwareDisk, parseDeviceSpec, parseGrubDevice } from "./device-spec.ts";

/**
 * Do the names mean two disks for certain? A kernel gives each disk one name by order; another driver, or an older kernel,
 * gave another (/dev/hda and /dev/sda of lines from different times). Links have one name of each kind a disk.
 */
export function areDifferent(a: HardwareDisk, b: HardwareDisk): boolean {
  if (diskKey(a) === diskKey(b) || a.by !== b.by) return false;
  if (a.by === "link" && b.by === "link")
    return linkKind(a.name) === linkKind(b.name) && !a.name.startsWith(b.name) && !b.name.startsWith(a.name);
  if (a.by === "order" && b.by === "order") return a.family === b.family;
  // mdadm counts, dmraid has the firmware's words.
  if (a.by === "firmware-raid" && b.by === "firmware-raid") return /^\d/.test(a.name) === /^\d/.test(b.name);
  return true;
}

/** udev makes `ata-`, `scsi-3...`, `scsi-S...`, `wwn-`, `nvme-eui.`, `nvme-MODEL` ... for the same disk. */
const linkKind = (name: string): string => /^(?:scsi-.|nvme-eui\.|nvme-nvme\.|[a-z]+-)/.exec(name)?.[0] ?? "";

/** Of two names of a user's: whether they are of one disk whatever the machine was. */
export function areOneDisk(a: string, b: string): "always" | "never" | "maybe" {
  const [one, other] = [a, b].map((spec) => parseGrubDevice(spec) ?? parseDeviceSpec(spec));
  if (one?.kind !== "hardware" || other?.kind !== "hardware") return "maybe";
  if (diskKey(one.disk) === diskKey(other.disk)) return "always";
  return areDifferent(one.disk, other.disk) ? "never" : "maybe";
}
