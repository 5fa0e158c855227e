// SPDX-License-Identifier: Apache-2.0
// Codes of what lies on the disks: partition tables, LVM, software RAID, LUKS. The area is `source`.
import { kindsOf, type ProblemTable } from "./kind.ts";

const { stops, warns, notes } = kindsOf("source");

export const STORAGE_PROBLEMS = {
  "gpt-damaged": warns("Both copies of a GPT are damaged."),
  "gpt-primary-damaged": warns("The GPT at the start of a disk is damaged; its backup is used."),
  "gpt-backup-damaged": notes("The GPT's backup at the end of a disk is missing or damaged."),
  "gpt-entry-invalid": warns("A partition of a GPT has no valid place; it is ignored, as Linux does."),
  "gpt-not-protected": notes("There is a GPT without its protective MBR; it is ignored, as Linux does."),
  "mbr-chain-broken": warns("The chain of logical partitions is broken; those after it are not looked into."),
  "mbr-hybrid": notes("An MBR stands beside the GPT; the GPT is used, as Linux does."),
  "signatures-mixed": stops(
    "No system was found, and a partition has the signatures of two things; one is left over.",
  ),
  "partitions-overlap": warns("Partitions overlap; they are copied whole."),

  "lvm-metadata-damaged": warns("The LVM metadata of a physical volume cannot be read."),
  "lvm-metadata-differ": warns("The physical volumes of a group do not agree; the newest metadata is used."),
  "lvm-pv-missing": warns("A volume group needs a physical volume that is not on the given disks."),
  "lvm-pv-twice": warns("A physical volume is there more than once."),
  "lvm-many-volumes": warns("A volume group has more logical volumes than are looked into."),
  "lvm-not-opened": notes(
    "A logical volume is thin, cached or mirrored, and is not opened here; it stops where no system is found elsewhere.",
  ),
  "lvm-volume-has-snapshot": warns("A logical volume has a snapshot or is part of another one."),

  "md-degraded": warns("Members of a software RAID are missing or out of date."),
  "md-not-opened": warns("A software RAID cannot be opened here; its members are copied whole."),

  "firmware-raid-plain": notes("A disk of a RAID that the firmware made is a plain disk in the VM."),
  "firmware-raid-degraded": warns(
    "A mirror that the firmware made is not whole, or a disk of it was left behind.",
  ),
  "firmware-raid-leftover": warns("A disk has metadata of a firmware's RAID, and is read as a plain one."),
  "firmware-raid-part": stops(
    "A disk is part of a RAID that only its controller, or mdadm on the machine, can put together.",
  ),

  "luks-not-opened": warns("An encrypted volume cannot be opened here; it is copied whole."),
  "luks-open-failed": stops("cryptsetup cannot open an encrypted volume, though the key is right."),
  "luks-key-wrong": stops("The given key does not open an encrypted volume."),
  "luks-key-unused": notes("A key was given, and the disks hold no encrypted volume."),
  "luks-volume-missing": stops("A key was given for an encrypted volume that is not on the disks."),
  "luks-locked": warns("No key was given for an encrypted volume; it is copied whole and not converted."),
  "luks-plain-copies": notes(
    "Changed files of an encrypted system are kept for the way back, not encrypted.",
  ),
  "key-readable": warns("Every user of this system may read a key file."),

  "filesystem-incomplete": warns(
    "A part of a file system lies on a disk that is not given, or is not opened.",
  ),
  "filesystem-device-old": warns("A device of a btrfs was left behind, and its successor is here too."),
  "filesystem-not-checked": warns(
    "A file system has features that the checker here does not know; it is taken for whole.",
  ),
  "volume-not-reached": warns("A volume cannot be opened here; it is copied whole and not converted."),
  "volume-whole": notes("Which bytes of a volume are used is not known; it is copied whole."),
} satisfies ProblemTable;
