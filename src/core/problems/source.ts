// SPDX-License-Identifier: Apache-2.0
// Codes of the disks that are read, and of the overlay above them. The area is `source`.
import { kindsOf, type ProblemTable } from "./kind.ts";

const { stops, warns, notes } = kindsOf("source");

/** The disks themselves. */
const DISKS = {
  "source-missing": stops("There is no such disk or image."),
  "source-no-permission": stops("The disk may not be read by this user."),
  "source-not-a-disk": stops("What was given is neither a block device nor a disk image."),
  "source-in-use": stops("The disk is in use: mounted, part of something, or open in another program."),
  "source-unreadable": stops("The disk could not be read at a place that is needed."),
  "source-short": stops("The disk or image ends before the size that it had when it was inspected."),
  "source-changed": stops("The disk did not stay as it was: something else writes to it, or it is failing."),
  "not-recorded": stops("The kernel cannot record its writes to the disks, which --trust-writes needs."),
  "writes-unclear": notes("The kernel's record of writes has gaps, or may have: everything is compared."),
  "writes-missed": warns(
    "The kernel's record of writes missed one; what the image lacks is said, or was sent.",
  ),
  "cutover-no-hook": stops("What shall run last on the server, for --trust-writes, would not run."),
  "source-dying": stops("The disk has too many places that cannot be read."),
  "bad-sectors": warns("Places that could not be read are zero in the image (--skip-bad-sectors)."),
  "not-read-only": stops("The disk cannot be set read-only in the kernel."),
  "no-disk": stops("The live CD sees no disk in this machine."),
  "no-system": stops(
    "No installed Linux system is on the images, so there is nothing to convert or to check.",
  ),
  "nothing-found": stops("The disks hold no partition table and no file system."),
  "image-empty": stops("The image holds no disk."),
  "image-not-raw": stops("The image is in a format that is not read here."),
  "image-not-usable": stops("The qcow2 image cannot be read, or refers to files that are not read here."),
  "image-odd-size": stops("The size of the image is not a multiple of 512 bytes."),
  "image-truncated": stops("The image ends before its last partition does."),
  "stick-unreadable": stops("The stick labelled P2V cannot be read."),
  "survey-no-disks": stops("The archive of the collector names no disk."),
} satisfies ProblemTable;

/** The overlay, and what is mounted above it. */
const OVERLAY = {
  "kernel-lacks": stops("The running kernel lacks what every look into a disk needs."),
  "overlay-not-started": stops("The overlay above a disk could not be made."),
  "overlay-no-room": stops("There is too little memory for the overlay."),
  "overlay-full": stops("The overlay's memory was used up."),
  "overlay-died": stops("The overlay's program was ended from outside."),
  "root-not-mounted": stops("The file system of the installed system cannot be mounted."),
  "filesystem-damaged": stops("A file system is damaged."),
  "filesystem-dirty": notes(
    "A file system was not shut down cleanly; its journal was replayed on the overlay.",
  ),
  hibernated: stops("The installed system is hibernated: its memory lies in a swap."),
  "mount-skipped": warns("A file system of the guest could not be mounted; it is copied and not converted."),
  "mount-not-found": warns("fstab names a file system or swap that none of the given disks holds."),
  "mount-left-behind": warns("A mount that may be missing (nofail) is on none of the given disks."),
  "was-against": stops(
    "--was names a disk on which other things lie than the guest's files say of that name.",
  ),
  "was-unused": warns("--was has a name of a disk that no file of the guest has."),
  "name-unclear": warns("A device name may mean several of the given disks, or a label is there twice."),
  "fstab-too-large": warns("The guest's fstab is larger than any real one, and was read in part."),
  "several-systems": warns("The disks hold more than one installed system; one of them is converted."),
  "root-unclear": stops(
    "The disks hold several installed systems, and nothing tells which one starts; --root says it.",
  ),
  "system-twice": stops("One installed system is there more than once, with the same UUID."),
} satisfies ProblemTable;

/** Mirrors by software RAID. */
const MIRRORS = {
  "mirrors-needed": stops("--mirrors one was given, and no disk can be left out."),
  "mirror-left-out": notes("A disk is not sent, since its arrays are on the disks that are."),
  "mirror-made-whole": notes(
    "Arrays with missing members are whole in the VM, with the members that they have.",
  ),
  "mirror-sent-too": notes("A disk is sent that --mirrors one would leave out."),
} satisfies ProblemTable;

/** What the collector could not see. */
const SURVEY = {
  "survey-incomplete": warns("The collector could not read everything."),
  "survey-counted-whole": notes("How much of a volume is used is not known; it is counted whole."),
  "survey-no-root": warns("On which disk the installed system lies is not known."),
} satisfies ProblemTable;

/** A running server that the live system shall replace in memory. */
const CUTOVER = {
  "cutover-arch": stops("The server is not x86_64."),
  "cutover-container": stops("cutover was started in a container."),
  "cutover-twice": stops("Another cutover is at work on the server, or was killed."),
  "cutover-memory": stops("The server has too little memory for the live system."),
  "cutover-init": stops("How the server is shut down into another kernel is not known."),
  "cutover-disk": stops("A disk is not one that the live system would know again."),
  "cutover-disk-away": { ...stops("A disk of the server is not seen in the live system."), heals: true },
  "cutover-network": stops("The live system would not reach the destination as the server does."),
  "cutover-network-part": notes("Some addresses of the server are not there in the live system."),
  "cutover-to-wrong": stops("The destination is a directory of the server itself."),
  "cutover-key": stops("The destination does not let in the key of the job."),
  "cutover-no-copy": warns("Nothing was copied ahead, so the server is down for a long time."),
  "cutover-no-plan": warns("No plan could be made while the server runs."),
  "cutover-chain-later": notes("The chain of boot is walked after the jump, before the copy."),
  "live-parts-version": stops("The live system is of another version than the program."),
  "kexec-not-built": stops("The server's kernel was built without kexec."),
  "kexec-not-told": warns("Nothing tells whether the server's kernel has kexec."),
  "kexec-disabled": stops("kexec is switched off until the next boot of the server."),
  "kexec-locked": stops("Secure Boot, or a kernel that is locked down, forbids kexec."),
  "kexec-program-missing": stops("There is no program kexec."),
  "kexec-refused": stops("The server's kernel does not take the live system."),
} satisfies ProblemTable;

export const SOURCE_PROBLEMS = { ...DISKS, ...OVERLAY, ...MIRRORS, ...SURVEY, ...CUTOVER };
