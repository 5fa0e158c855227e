// SPDX-License-Identifier: Apache-2.0
// The command for a server that goes on working.
import type { Command } from "./command.ts";

export const copy: Command = {
  name: "copy",
  summary: "Copy the disks of a running system ahead, so that its migration has little left to send",
  description: [
    "Runs on the server itself, as root. Reads its disks while they are mounted and in use, past the page cache; sends the blocks that its file systems call used, hashed and compressed; writes nothing here, freezes nothing, and takes CPU and disks only when nobody else wants them (nice, ionice; --limit-rate for the link).",
    "Such a copy is no machine to start: what was written meanwhile is old in one place and new in another. So the images keep the ending .partial, and nothing defines, verifies or starts them. Then virt-p2v cutover replaces the server by the live system in its memory; or boot it from the live CD, and migrate to the same place under the same name: all is read and compared there, and only what differs is sent.",
    "Again, it sends what changed since. With --follow it does so by itself, and says after each pass how long such a pass would keep the server down now.",
  ],
  positional: null,
  settings: [
    "disk",
    "to",
    "live",
    "name",
    "follow",
    "trust-writes",
    "window-ends",
    "format",
    "lanes",
    "compress",
    "limit-rate",
    "receiver",
    "retry-for",
    "skip-bad-sectors",
    "ssh-config",
    "verbose",
    "json",
    "trace",
    "help",
  ],
  required: ["disk", "to", "live"],
  examples: [
    [
      "virt-p2v copy --live --disk /dev/sda --to ssh://root@host/var/lib/libvirt/images --name web",
      "in the evening, on the server",
    ],
    [
      "virt-p2v copy --live --follow --limit-rate 20M --disk /dev/sda --to ssh://root@host/srv/vms --name web",
      "until little changes from one pass to the next",
    ],
    [
      "virt-p2v migrate --disk /dev/sda --to ssh://root@host/var/lib/libvirt/images --name web",
      "then, on the live CD: the rest",
    ],
  ],
};
