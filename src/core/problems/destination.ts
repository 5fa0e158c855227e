// SPDX-License-Identifier: Apache-2.0
// Codes of the place where the VM goes, beside those that a receiver sends (receiver.ts). The area is `destination`.
import { kindsOf, type ProblemTable } from "./kind.ts";

const { stops, warns, notes } = kindsOf("destination");

export const DESTINATION_PROBLEMS = {
  "destination-wrong": stops("The destination is not a directory, or belongs to another VM."),
  "destination-missing": stops("There is no finished VM, or a part of it is not there."),
  "destination-report-wrong": stops("The report beside the VM was changed, or written by another version."),
  "destination-done": stops("A finished VM of this very machine is there: nothing is left to do."),
  "destination-name-taken": stops("The host has another VM of this name; on Proxmox VE that is a warning."),
  "destination-is-source": stops("The volume lies on a disk that is migrated."),
  "destination-twice": stops("One volume was given for two disks."),
  "destination-act-failed": stops("An act on a file or directory failed there."),
  "volume-overwritten": warns("All that is on the volume will be lost."),
  "image-not-written": stops("The changes could not be written into the image."),
  "boot-check-files": stops("The boot check's throw-away files cannot be made."),
  "boot-entries-left": notes("The old firmware's boot menu is not in the VM's."),
  "xl-text": stops("A name or path cannot be written into a Xen definition."),
} satisfies ProblemTable;
