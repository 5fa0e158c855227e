// SPDX-License-Identifier: Apache-2.0
// Commands that look at a machine, plan and migrate it.
import { type Command, PLANNING } from "./command.ts";

export const inspect: Command = {
  name: "inspect",
  summary: "Show this machine, or the given disks, and the system installed on them",
  description: [
    "Shows firmware, CPU, memory, network cards and the tree of disks, volumes and file systems. With --disk also the installed system: distribution, kernels, boot loader, network.",
    "Nothing is written: disks are opened read-only, and a file system that was not shut down cleanly is looked at through a throw-away overlay.",
    "FILE is a survey without downtime: --collector prints a script for sh, which says in its head what it reads, leaves out all secrets, and writes one tar archive; as root it sees more. The archive is read at a desk, and nothing of it is unpacked to a disk.",
  ],
  positional: {
    name: "FILE",
    help: "An archive that the collector made on a running server, instead of this machine.",
    optional: true,
  },
  settings: ["disk", "root", "was", "key", "sysroot", "collector", "verbose", "json", "trace", "help"],
  required: [],
  examples: [
    ["virt-p2v inspect", "this machine"],
    ["virt-p2v inspect --disk server.img", "a disk image and the system on it"],
    ["virt-p2v inspect --json | jq .machine.cpu", "for programs"],
    [
      "virt-p2v inspect --collector | ssh root@server 'sh -s -- -' > server.tar.gz",
      "a survey of a running server",
    ],
    ["virt-p2v inspect server.tar.gz", "what it is, at a desk"],
  ],
};

export const plan: Command = {
  name: "plan",
  summary: "Show everything a migration would do, and do nothing",
  description: [
    "Prints the files that would change, as unified diffs with --diff; then the VM and the bytes to send; and last, where they are seen, the problems, each with what to do.",
    "The changes are worked out for real on a throw-away overlay, which takes as long as the conversion itself: under a minute.",
    "With --machine the plan is made of what the collector (see inspect) gathered on a running server, without its disks and without a host: will it boot, what changes, about how many bytes, which drivers are missing. What takes the disks, the initramfs above all, is said to be done at migration.",
  ],
  positional: null,
  settings: [...PLANNING, "machine", "csv", "save", "diff", "verbose", "json", "trace", "help"],
  required: ["disk", "to"],
  unless: "machine",
  examples: [
    [
      "virt-p2v plan --disk /dev/sda --to ssh://root@host/var/lib/libvirt/images",
      "before the night it counts",
    ],
    ["virt-p2v plan --machine server.tar.gz", "weeks before, while the server runs"],
    ["virt-p2v plan --machine a.tar.gz --machine b.tar.gz --csv > servers.csv", "which ones are easy"],
  ],
};

export const migrate: Command = {
  name: "migrate",
  summary: "Convert, copy, verify, define and boot-check a VM made of these disks",
  description: [
    "Shows the plan, summary and problems last, and asks; d at the question shows each change as a diff, in $PAGER or less. Then converts on an overlay, copies the used blocks, reads every block back at the destination and compares its SHA-256, writes definitions for libvirt, Xen and QEMU, and starts the VM once on a throw-away overlay to see that it boots with its network.",
    "The source disks are opened read-only, always. Interrupted, run the same command again: what is durable at the destination is not sent again.",
  ],
  positional: null,
  settings: [...PLANNING, "trust-writes", "start", "yes", "diff", "verbose", "json", "trace", "help"],
  required: ["disk", "to"],
  examples: [
    [
      "virt-p2v migrate --disk /dev/sda --to ssh://root@host/var/lib/libvirt/images",
      "a disk of this machine to a host",
    ],
    [
      "virt-p2v migrate --disk server.img --to dir:./vms --name server --yes",
      "an image, to a directory here",
    ],
    ["virt-p2v migrate --disk a.img --disk b.img --to dir:./vms --format qcow2", "two disks, as qcow2"],
    [
      "virt-p2v migrate --update --disk /dev/sda --to ssh://root@host/var/lib/libvirt/images",
      "a second pass, hours later: short, since most is there already",
    ],
  ],
};
