// SPDX-License-Identifier: Apache-2.0
// Commands for a VM that was migrated.
import type { Command } from "./command.ts";

export const check: Command = {
  name: "check",
  summary: "Say whether a VM boots as it is now: its chain of boot, and a start on a throw-away overlay",
  description: [
    "Walks the chain of boot over the images, from firmware to network, and starts the VM once on a throw-away overlay, as a migration does at its end. Nothing is copied or converted, and the images are not written. For a VM that somebody corrected, or for images from elsewhere.",
    "Exit code 7 where it was not seen to boot. With --no-boot-check only the chain is walked, and 7 says that a link is broken.",
  ],
  positional: {
    name: "DIR|IMAGE",
    help: "Directory of a migrated VM, with report.json in it; or disk images, raw or qcow2, in their order.",
    many: true,
  },
  settings: [
    "root",
    "was",
    "key",
    "name",
    "firmware",
    "nic",
    "memory",
    "vcpus",
    "no-boot-check",
    "verbose",
    "json",
    "trace",
    "help",
  ],
  required: [],
  examples: [
    ["virt-p2v check vms/server", "after its fstab was corrected in the VM"],
    ["virt-p2v check server.qcow2 --no-boot-check", "the chain of boot of an image from elsewhere"],
  ],
};

export const verify: Command = {
  name: "verify",
  summary: "Read a VM's images again and check them against the manifest",
  description: [
    "Reads every image in DIR and compares each segment with the SHA-256 that was recorded when it was copied.",
  ],
  positional: { name: "DIR", help: "Directory of a migrated VM, with manifest.json in it." },
  settings: ["full", "json", "trace", "help"],
  required: [],
  examples: [["virt-p2v verify vms/server", "any time after the migration"]],
};

export const report: Command = {
  name: "report",
  summary: "Write report.html again from report.json",
  description: ["The report is data first: report.json has all of it, report.html is made from it."],
  positional: { name: "DIR", help: "Directory of a migrated VM, with report.json in it." },
  settings: ["json", "trace", "help"],
  required: [],
  examples: [["virt-p2v report vms/server", "after an update of virt-p2v"]],
};
