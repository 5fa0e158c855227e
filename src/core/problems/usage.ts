// SPDX-License-Identifier: Apache-2.0
// Codes of what was asked for: settings, answer files, the live CD's own making. The area is `usage`.
import { kindsOf, type ProblemTable } from "./kind.ts";

const { stops } = kindsOf("usage");

/** Commands and their words. */
const WORDS = {
  "command-unknown": stops("There is no such command."),
  "check-remote": stops("check was given a VM of another computer."),
  "argument-missing": stops("The command needs an argument that was not given."),
  "argument-unknown": stops("The command takes fewer arguments than were given."),
  "arguments-wrong": stops("A flag is unknown, lacks its value, or has one that it does not take."),
  "setting-missing": stops("The command needs a flag that was not given."),
  "update-and-replace": stops("--update and --replace were given together."),
  "ways-exclude": stops("convert was given both --in-place and --overlay."),
  "disk-or-sysroot": stops("inspect was given both --disk and --sysroot."),
  "name-missing": stops("copy needs a name for the VM: this computer has none that a VM can have."),
  "survey-alone": stops("inspect was given an archive of the collector, and --disk or --sysroot too."),
  "step-unknown": stops("There is no conversion step of this name."),
  "nobody-to-ask": stops("The command asks something, and there is no terminal to ask on."),
  "not-root": stops("Only root can do this."),
  "portable-missing": stops("remote has no portable file to bring to the server."),
  "portable-wrong": stops("What remote was given is not the portable file of this version."),
  "host-wrong": stops("host clean or remote was given this computer."),
} satisfies ProblemTable;

/** Values of settings that are not understood: the setting's name, and `wrong`. */
const VALUES = {
  "compress-wrong": stops("The value of --compress is not understood."),
  "firmware-wrong": stops("The value of --firmware is not understood."),
  "format-wrong": stops("The value of --format is not understood."),
  "hypervisor-wrong": stops("The value of --hypervisor is not understood."),
  "key-wrong": stops("The value of --key is not understood."),
  "lanes-wrong": stops("The value of --lanes is not understood."),
  "limit-rate-wrong": stops("The value of --limit-rate is not understood."),
  "link-wrong": stops("The value of --link is not understood."),
  "memory-wrong": stops("The value of --memory is not understood."),
  "mirrors-wrong": stops("The value of --mirrors is not understood."),
  "name-wrong": stops("The VM has no name, or one that files and hypervisors do not take."),
  "network-wrong": stops("The value of --network, or an address in the wizard, is not understood."),
  "nic-wrong": stops("The value of --nic is not understood."),
  "proof-wrong": stops("The value of --proof is not understood."),
  "receiver-wrong": stops("The value of --receiver is not understood."),
  "retry-for-wrong": stops("The value of --retry-for is not understood."),
  "was-wrong": stops("The value of --was names none of the given disks."),
  "root-wrong": stops("The value of --root names no installed system on the disks, or several."),
  "to-wrong": stops("The value of --to is not a destination."),
  "vcpus-wrong": stops("The value of --vcpus is not understood."),
  "volume-wrong": stops("The value of --volume is not understood, or does not fit the disks."),
  "post-wrong": stops("The value of --post is not understood."),
  "onfail-wrong": stops("The value of --onfail is not understood."),
  "window-ends-wrong": stops("The value of --window-ends is not understood."),
} satisfies ProblemTable;

/** What the answers say together. */
const ANSWERS = {
  "answer-missing": stops("A page of the wizard needs an answer."),
  "answers-missing": stops("There is no such answer file."),
  "answers-too-long": stops("The answer file is larger than 1 MiB."),
  "answers-wrong": stops("The answer file has lines that are not understood; the message names each."),
  "parameter-wrong": stops("A p2v. parameter on the kernel command line is not understood."),
  "machine-unknown": stops("No machine of the answer file matches this one."),
  "machine-twice": stops("More than one machine of the answer file matches this one."),
  "machine-wrong": stops("The archives given to plan --machine do not go together with the other flags."),
  "disk-twice": stops("The same disk was given twice."),
  "nic-twice": stops("Two network cards of the VM have one name or one address."),
  "nic-not-pinned": stops("A network card has a name or address that cannot be pinned in the guest."),
  "host-key-missing": stops("An unattended run over ssh was not told which host key is right."),
  "identity-missing": stops("There is no such ssh key."),
  "identity-wrong": stops("The file is not a private ssh key."),
  "key-missing": stops("The key file of an encrypted volume cannot be read."),
  "key-no-file": stops("The key of an encrypted volume is not a regular file."),
  "key-wrong-size": stops("The key file of an encrypted volume is empty or larger than 8 MiB."),
} satisfies ProblemTable;

/** Files and directories that a command reads. */
const FILES = {
  "temporary-wrong": stops("The directory for temporary files cannot be used."),
  "extras-missing": stops("There is no such directory of extras."),
  "file-missing": stops("A file for the live CD cannot be read."),
  "report-missing": stops("The directory holds no report."),
  "report-wrong": stops("The report was written by another version, or changed."),
  "convert-wrong": stops("The image cannot be converted in the way that was asked for."),
  "conversion-missing": stops("The directory holds no record of a conversion."),
  "conversion-wrong": stops("The record of a conversion was changed, or written by another version."),
  "trace-not-ours": stops("The file given to --trace holds something else."),
  "trace-not-written": stops("The file given to --trace cannot be written."),
  "bug-trace-wrong": stops("The file to take into a bug report is not a trace."),
  "bug-file-missing": stops("A file to take into a bug report cannot be read."),
  "bug-directory-wrong": stops("The directory for a bug report is not that of a migrated VM."),
  "bug-out-exists": stops("The file for a bug report is there already."),
  "bug-out-wrong": stops("The file for a bug report cannot be written."),
  "collector-missing": stops("This installation does not contain the collector."),
  "survey-wrong": stops("The file is not an archive of the collector."),
  "survey-no-disk": stops("The archive of the collector names no such disk."),
  "sysroot-missing": stops("--sysroot is not a directory."),
  "sysroot-empty": stops("--sysroot holds no recorded machine."),
} satisfies ProblemTable;

/** The live CD: made, and at work. */
const LIVE = {
  "package-wrong": stops("The value of --package is not a name of a Debian package."),
  "suite-wrong": stops("The value of --suite is not a name of a Debian release."),
  "room-wrong": stops("The value of --room is not understood."),
  "http-wrong": stops("The value of --http is not an address that boot loaders understand."),
  "ssh-key-wrong": stops("The file is not a public ssh key."),
  "epoch-wrong": stops("SOURCE_DATE_EPOCH is not a number of seconds."),
  "no-recipe": stops("The live CD can only be built in a clone of the repository."),
  "iso-unreadable": stops("The file is not an image that iso build made."),
  "iso-without-room": stops("The image has no reserved space for a program to be attached."),
  "iso-room-too-small": stops("What is to be attached does not fit into the image's reserved space."),
  "iso-other-interface": stops("The image was built for another kind of program."),
  "live-parts-wrong": stops("The image or directory holds no live system."),
  "iso-or-pxe": stops("cutover needs either --iso or --pxe."),
  "dialog-failed": stops("The wizard's boxes cannot be shown on this terminal."),
  "blink-failed": stops("The light of a network port cannot blink."),
} satisfies ProblemTable;

export const USAGE_PROBLEMS = { ...WORDS, ...VALUES, ...ANSWERS, ...FILES, ...LIVE };
