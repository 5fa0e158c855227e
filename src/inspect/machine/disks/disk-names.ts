// SPDX-License-Identifier: Apache-2.0
// Which entries of /sys/block are disks, and what a disk is called: node, model, serial number.
import { parseName } from "../text.ts";

/**
 * No disks of the machine: files, memory, optical and floppy drives, network devices; boot and RPMB areas of eMMC,
 * which need commands of their own; the paths of a multipath NVMe namespace (nvme0c1n1), whose node is nvme0n1.
 */
const NO_DISK =
  /^(?:loop|ram|zram|sr|scd|fd|nbd|gnbd|mtdblock|ubiblock|zd)\d|^mmcblk\d+(?:boot\d+|rpmb|gp\d+)$|^nvme\d+c\d+n\d+$/;

/** Everything that is not known to be something else counts: a disk of an odd driver must not be missed. */
export function isDiskName(kname: string): boolean {
  return !NO_DISK.test(kname);
}

/** sysfs writes `!` where the name of a device has a slash: `cciss!c0d0`. */
export function devicePath(kname: string): string {
  return `/dev/${kname.replaceAll("!", "/")}`;
}

/** `ATA` is said of every SATA disk, `0x1af4` of every virtio disk: no vendors. */
export function diskModel(vendor: string | null, model: string | null): string {
  const name = parseName(model) ?? "";
  const maker = parseName(vendor) ?? "";
  if (maker === "" || /^(ATA|0x[0-9a-f]+|NVMe|Generic-?)$/i.test(maker)) return name;
  return name.toLowerCase().startsWith(maker.toLowerCase()) ? name : `${maker} ${name}`.trim();
}

/** SCSI VPD page 80h (SPC-4, 7.8.15): four bytes of header, the last two the length; then the serial number. */
export function parseVpd80(page: Uint8Array): string | null {
  const [, code, high = 0, low = 0] = page;
  if (page.length < 4 || code !== 0x80) return null;
  return parseName(Buffer.from(page.subarray(4, 4 + high * 256 + low)).toString("latin1"));
}

/** `t10.ATA     ` + 40 characters of model + 20 of serial number (SAT-3, 10.3.4.2). */
export function parseWwidSerial(wwid: string): string | null {
  return wwid.startsWith("t10.ATA ") ? parseName(wwid.slice(4 + 8 + 40, 4 + 8 + 40 + 20)) : null;
}

/**
 * A name that no two disks have: `naa.`, `eui.`, `nvme.`, `uuid.` (SPC-4, 7.8.6; Linux writes the designator's type before it). Names by
 * vendor and model (`t10.`) are as good as their vendor, and zeros or one digit all over are none.
 */
export function parseWwid(text: string | null): string | null {
  const wwid = text?.trim().toLowerCase() ?? "";
  const digits = /^(?:naa|eui|nvme|uuid)\.([0-9a-f.-]{16,160})$/.exec(wwid)?.[1]?.replaceAll(/[.-]/g, "");
  return digits === undefined || /^(.)\1*$/.test(digits) ? null : wwid;
}

/** `8:1`, as in the file `dev`; null for anything else. */
export function parseDevno(text: string | null): string | null {
  const devno = text?.trim() ?? "";
  return /^\d{1,8}:\d{1,8}$/.test(devno) ? devno : null;
}
