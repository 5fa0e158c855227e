// SPDX-License-Identifier: Apache-2.0
// Names that Linux gives to disks and partitions by their order: /dev/sda1, /dev/nvme0n1p2, /dev/cciss/c0d0p1 ...
// (kernel: Documentation/admin-guide/devices.txt; nvme and mmcblk put a `p` before the partition, as cciss does).

export type DeviceName = {
  /** `sd`, `hd`, `vd`, `xvd`, `nvme`, `mmcblk`, `cciss`, `ida`, `rd`. */
  readonly family: string;
  /** 0-based place among the disks of its family. */
  readonly disk: number;
  /** 1-based; null: the whole disk. */
  readonly partition: number | null;
};

const LETTERED = /^\/dev\/(sd|hd|vd|xvd)([a-z]{1,3})(\d{1,3})?$/;
const NUMBERED =
  /^\/dev\/(nvme|mmcblk|(?:cciss|ida|rd)\/c)(\d{1,3})(?:n(\d{1,3})|d(\d{1,3}))?(?:p(\d{1,3}))?$/;

/** null: the path is no such name (a UUID link, a volume, an alias). */
export function parseDeviceName(path: string): DeviceName | null {
  const lettered = LETTERED.exec(path);
  if (lettered !== null) {
    const [, family = "", letters = "", partition] = lettered;
    return {
      family,
      disk: letterNumber(letters),
      partition: partition === undefined ? null : Number(partition),
    };
  }
  const numbered = NUMBERED.exec(path);
  if (numbered === null) return null;
  const [, family = "", first = "0", namespace, drive, partition] = numbered;
  const controller = Number(first);
  const part = partition === undefined ? null : Number(partition);
  switch (family) {
    case "nvme":
      // One namespace per controller is what servers have; a second namespace is a further disk.
      return namespace === undefined
        ? null
        : { family, disk: controller + Number(namespace) - 1, partition: part };
    case "mmcblk":
      return { family, disk: controller, partition: part };
    default: {
      // 16 drives a controller (devices.txt); how many the first one really has nobody knows: drives of a second one
      // then stand behind all that can be given.
      const disk = controller * 16 + Number(drive);
      return drive === undefined ? null : { family: family.replace("/c", ""), disk, partition: part };
    }
  }
}

/**
 * The disk that a kernel gave this major and minor number (devices.txt): of SCSI, of IDE, of Xen. null: another kind of device,
 * or one whose number is made at boot.
 */
export function parseDeviceNumber(major: unknown, minor: unknown): DeviceName | null {
  const [family, first, minors] = NUMBERS[Number(major)] ?? [];
  if (family === undefined || first === undefined || minors === undefined) return null;
  const partition = Number(minor) % minors;
  const disk = first + Math.floor(Number(minor) / minors);
  return { family, disk, partition: partition === 0 ? null : partition };
}

/** By major number: family, the first disk that has it, minor numbers of each disk. */
const NUMBERS: Readonly<Record<number, readonly [string, number, number]>> = {
  3: ["hd", 0, 64],
  8: ["sd", 0, 16],
  22: ["hd", 2, 64],
  33: ["hd", 4, 64],
  34: ["hd", 6, 64],
  65: ["sd", 16, 16],
  202: ["xvd", 0, 16],
};

/** `disk` is multipath's name for it: `mpatha`, `mpath0`, or its WWID. */
export type MultipathName = { readonly disk: string; readonly partition: number | null };

const MULTIPATH =
  /^\/dev\/mapper\/(mpath(?:[a-z]{1,3}?|\d{1,3})|3[0-9a-f]{16,32})(?:(?:p|[-_]part)(\d{1,3}))?$/;
/** RHEL 7's kpartx puts nothing before the number where the name ends with a letter. */
const MULTIPATH_SHORT = /^\/dev\/mapper\/(mpath[a-z]{1,3}?)(\d{1,3})$/;

/** multipath.conf(5), user_friendly_names; kpartx(8), -p. null: the path is no such name. */
export function parseMultipathName(path: string): MultipathName | null {
  const [, disk, number] = MULTIPATH.exec(path) ?? MULTIPATH_SHORT.exec(path) ?? [];
  return disk === undefined ? null : { disk, partition: number === undefined ? null : Number(number) };
}

/** a = 0, z = 25, aa = 26 ... (base 26 without a zero digit). */
function letterNumber(letters: string): number {
  let number = 0;
  for (const letter of letters) number = number * 26 + (letter.charCodeAt(0) - 96);
  return number - 1;
}
