// SPDX-License-Identifier: Apache-2.0
// Commands that run on the live CD, and the one that says what a computer lacks.
import { type Command, PLANNING } from "./command.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Show what this computer has and lacks for a migration, and what is in extras",
  description: [
    "Programs, devices and file systems that a migration, the live CD and the boot check use here, with what each is for; then the driver packages and other files in extras (on the live CD those that iso build or iso attach put there, or a directory named by --extras). Exit code 3 when no migration can begin here.",
  ],
  positional: null,
  settings: ["extras", "json", "trace", "help"],
  required: [],
  examples: [["virt-p2v doctor --extras ./extras", "before an image is built with them"]],
};

export const live: Command = {
  name: "live",
  summary: "What the live CD runs at boot: the migration that the kernel command line asks for",
  description: [
    "Every setting of migrate is a parameter of the kernel command line, as p2v.NAME=VALUE (p2v.to, p2v.name, p2v.disk=/dev/sda,/dev/sdb ...); the names of the C virt-p2v (p2v.server, p2v.port, p2v.username, p2v.os, p2v.of, p2v.disks, p2v.vcpu.cores ...) are understood too. Without p2v.unattended nothing is done.",
    "Without p2v.disk all disks of the machine are taken that are neither removable nor in use. What may heal, such as a network that is away, is tried again with growing pauses.",
    "An answer file is YAML: defaults: has settings as NAME: VALUE (to, name, disk, host-key, post ...), machines: a list of machines, each with match: {serial, uuid, mac} and settings of its own, which stand above the defaults. Where the list has no match, nothing is done, and the serial, UUID and MAC addresses of this machine are printed. The kernel command line stands above the file. doc/answers.schema.json is its JSON schema.",
  ],
  positional: null,
  settings: [
    "cmdline",
    "unattended",
    "config",
    "mode",
    "identity",
    "host-key",
    "post",
    "onfail",
    "trace",
    "help",
  ],
  required: [],
  examples: [["virt-p2v live --cmdline answers.txt", "by hand, on the live CD"]],
};

export const wizard: Command = {
  name: "wizard",
  summary: "Ask everything a migration needs, page by page, on this terminal",
  description: [
    "What the live CD shows on its consoles: what was found, where the VM goes, the host's key, the login, disks, the VM; then the plan, and after a yes the migration with its progress. Back leads to the page before, Esc asks whether to leave, answers are kept, and each page has help. It uses the program dialog, in 80 columns and 24 lines of ASCII.",
    "What is given on the command line is answered already, and can be changed on its page.",
  ],
  positional: null,
  settings: [
    ...PLANNING,
    "trust-writes",
    "start",
    "identity",
    "host-key",
    "sysroot",
    "cmdline",
    "trace",
    "help",
  ],
  required: [],
  examples: [
    ["virt-p2v wizard", "on the live CD: this machine"],
    ["virt-p2v wizard --disk server.img", "a disk image"],
  ],
};
