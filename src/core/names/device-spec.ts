// SPDX-License-Identifier: Apache-2.0
// What a device specification of fstab, crypttab, `root=` or `resume=` says, by its words alone. Pure.
import { parseDeviceName, parseDeviceNumber, parseMultipathName } from "./device-name.ts";

export type DeviceSpec =
  | { readonly kind: "tag"; readonly tag: DeviceTag; readonly value: string }
  /** A logical volume of LVM, by `VG/LV`, or by its UUID without dashes. */
  | { readonly kind: "volume"; readonly name: string }
  | { readonly kind: "volume-uuid"; readonly uuid: string }
  /** A software RAID, by the name that mdadm gives it: `0` of /dev/md0. */
  | { readonly kind: "array"; readonly name: string }
  /** Follows from the hardware: the VM does not have it. */
  | { readonly kind: "hardware"; readonly disk: HardwareDisk; readonly partition: number | null }
  /** tmpfs, host:/export, /dev/sr0, a name that crypttab gives. */
  | { readonly kind: "other" };

export type DeviceTag = "UUID" | "LABEL" | "PARTUUID" | "PARTLABEL";

/** What the old machine called a disk. */
export type HardwareDisk =
  /** The kernel, by order: `sdb` is the disk 1 of `sd`. */
  | { readonly by: "order"; readonly family: string; readonly index: number }
  /** udev, by serial number or by connector: the name below /dev/disk/by-id or by-path. */
  | { readonly by: "link"; readonly name: string }
  /** multipath: `mpatha`, or the disk's WWID. */
  | { readonly by: "multipath"; readonly name: string }
  /** A RAID of the firmware, as mdadm names it (`126` of /dev/md126p1), or as dmraid does (`isw_cbbhg_Volume0`). */
  | { readonly by: "firmware-raid"; readonly name: string }
  /** GRUB, as the firmware counted the disks: `hd1` is the disk 1. */
  | { readonly by: "firmware"; readonly index: number };

/** One for each disk of the old machine and kind of name. */
export function diskKey(disk: HardwareDisk): string {
  switch (disk.by) {
    case "order":
      return `order:${disk.family}:${disk.index}`;
    case "firmware":
      return `firmware:${disk.index}`;
    case "link":
    case "multipath":
    case "firmware-raid":
      return `${disk.by}:${disk.name}`;
  }
}

export function parseDeviceSpec(spec: string): DeviceSpec {
  const tag = /^(UUID|LABEL|PARTUUID|PARTLABEL)=["']?([^"']*)["']?$/i.exec(spec);
  if (tag !== null) return { kind: "tag", tag: tagOf(tag[1]), value: tag[2] ?? "" };
  const link = /^\/dev\/disk\/by-(uuid|label|partuuid|partlabel|id|path)\/(.+)$/.exec(spec);
  if (link !== null) return parseLink(link[1] ?? "", link[2] ?? "");
  const numbered = /^\/dev\/block\/(\d{1,3}):(\d{1,3})$/.exec(spec);
  const device = numbered === null ? parseDeviceName(spec) : parseDeviceNumber(numbered[1], numbered[2]);
  const paths = parseMultipathName(spec);
  if (paths !== null)
    return {
      kind: "hardware",
      disk: { by: "multipath", name: paths.disk },
      partition: paths.partition,
    };
  if (device !== null)
    return {
      kind: "hardware",
      disk: { by: "order", family: device.family, index: device.disk },
      partition: device.partition,
    };
  if (numbered !== null) return { kind: "other" };
  const raid = FIRMWARE_ARRAY.exec(spec) ?? FIRMWARE_MAP.exec(spec);
  if (raid !== null)
    return {
      kind: "hardware",
      disk: { by: "firmware-raid", name: raid[1] ?? "" },
      partition: raid[2] === undefined ? null : Number(raid[2]),
    };
  const array = /^\/dev\/md(?:\/([^/]+)|(\d{1,3}))$/.exec(spec);
  if (array !== null) return { kind: "array", name: array[1] ?? array[2] ?? "" };
  const mapped = /^\/dev\/mapper\/(.+)$/.exec(spec)?.[1];
  const name = mapped === undefined ? /^\/dev\/([^/]+\/[^/]+)$/.exec(spec)?.[1] : unmapName(mapped);
  return name === undefined || name === null ? { kind: "other" } : { kind: "volume", name };
}

/** Partitions of an array are what mdadm makes of a firmware's metadata; its own arrays mostly hold one file system. */
const FIRMWARE_ARRAY = /^\/dev\/md\/?_?([A-Za-z0-9_.:-]{1,64}?)p(\d{1,3})$/;
/**
 * dmraid(8): format, group and volume; the formats of `dmraid -l`. Intel's first volume is Volume0: its partition 1 is called
 * Volume0p1, and Volume01 by older versions.
 */
const FIRMWARE_MAP =
  /^\/dev\/mapper\/((?:asr|ddf1|dos|hpt3[75]x|isw|jmicron|lsi|nvidia|pdc|sil|via)_[A-Za-z0-9_]{1,100}?0?)(?:p?([1-9]\d{0,2}))?$/;

/**
 * A device of GRUB: `(hd0,msdos1)`, `(hd0,gpt2)`, `hd0,1`. GRUB 2 counts partitions from 1, GRUB legacy from 0 (`legacy`).
 * null: no disk (`cd`, `lvm/...`, `$root`).
 */
export function parseGrubDevice(device: string, { legacy = false } = {}): DeviceSpec | null {
  const [, disk, partition] =
    /^\(?(?:ahci|ata|hd)(\d{1,2})(?:,(?:msdos|gpt|dos)?(\d{1,3})(?:,[a-z])?)?\)?$/.exec(device) ?? [];
  if (disk === undefined) return null;
  return {
    kind: "hardware",
    disk: { by: "firmware", index: Number(disk) },
    partition: partition === undefined ? null : Number(partition) + (legacy ? 1 : 0),
  };
}

/** Names that follow from the hardware: by order, by serial number, by connector, by multipath. Those of removable drives are none. */
export function isHardwareName(spec: string): boolean {
  return parseDeviceSpec(spec).kind === "hardware";
}

/** Made by the kernel at each boot, of memory or of files: every system has its own, and no disk holds them. */
export const isMadeDevice = (spec: string): boolean => /^\/dev\/(?:zram|ram|loop)\d/.test(spec);

const tagOf = (word = ""): DeviceTag => word.toUpperCase() as DeviceTag;

/** Links below /dev/disk, as udev's 60-persistent-storage.rules and 11-dm-lvm.rules make them. */
function parseLink(by: string, name: string): DeviceSpec {
  if (by !== "id" && by !== "path") return { kind: "tag", tag: tagOf(by), value: unescapeUdev(name) };
  const [, mapped] = /^dm-name-(.{1,255})$/.exec(name) ?? [];
  const volume = mapped === undefined ? null : unmapName(mapped);
  if (volume !== null) return { kind: "volume", name: volume };
  // The UUIDs of group and volume in one, as Ubuntu's installer writes it.
  const [, uuid] = /^dm-uuid-LVM-.{32}(.{32})$/.exec(name) ?? [];
  if (uuid !== undefined) return { kind: "volume-uuid", uuid };
  if (/^(?:dm-|lvm-|md-)/.test(name)) return { kind: "other" }; // these hold UUIDs
  const [, disk = "", partition] = /^(.+?)(?:-part(\d{1,3}))?$/.exec(name) ?? [];
  return {
    kind: "hardware",
    disk: { by: "link", name: disk },
    partition: partition === undefined ? null : Number(partition),
  };
}

/** `VG/LV` of device-mapper's VG-LV, where a dash inside a name is doubled; null: no name of LVM. */
function unmapName(mapped: string): string | null {
  const [group, volume, ...more] = mapped.replaceAll("--", "\u0000").split("-");
  if (group === undefined || volume === undefined || more.length > 0) return null;
  return `${group}/${volume}`.replaceAll("\u0000", "-");
}

/** udev writes unsafe bytes of labels as `\x20`. */
function unescapeUdev(text: string): string {
  return text.replace(/(?:\\x[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll(/\\x/gi, ""), "hex").toString("utf8"),
  );
}
