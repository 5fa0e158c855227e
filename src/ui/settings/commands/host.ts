// SPDX-License-Identifier: Apache-2.0
// Commands for a host and the VMs on it.
import type { Command } from "./command.ts";

export const hostShow: Command = {
  name: "host show",
  summary: "Show what a host is: hypervisor, storage, networks, CPU, memory, VMs",
  description: [
    "Logs in to the host once, asks, and writes nothing: Xen with xl, libvirt, Proxmox VE or plain QEMU, and what of it this user may use; directories, pools and volume groups with their free space; bridges and networks; the x86-64 level of its CPU; the VMs that are there.",
    "A migration asks the same before a byte is copied, and compares the answer with its plan.",
  ],
  positional: {
    name: "URI",
    help: "ssh://[user@]host[:port], with a directory or without; or dir:PATH for this machine.",
  },
  settings: ["ssh-config", "json", "trace", "help"],
  required: [],
  examples: [
    ["virt-p2v host show ssh://root@host", "before the first migration"],
    ["virt-p2v host show ssh://root@host/srv/vms --json | jq .storages", "for programs"],
  ],
};

export const hostClean: Command = {
  name: "host clean",
  summary: "Remove from a host what copies brought there",
  description: [
    "A copy over ssh brings its agent and the Node that runs it into the cache directory of the user there (~/.cache/virt-p2v, or XDG_CACHE_HOME), once per version, and leaves them for the next copy. This removes them, and says what it removed. VMs stay.",
  ],
  positional: { name: "URI", help: "The host, as for --to: ssh://[user@]host[:port]/path." },
  settings: ["ssh-config", "json", "trace", "help"],
  required: [],
  examples: [["virt-p2v host clean ssh://root@host/var/lib/libvirt/images", "after the last migration"]],
};

export const hostDefine: Command = {
  name: "host define",
  summary: "Make a migrated VM one of the host where its directory lies now",
  description: [
    "One conversion serves every hypervisor: the images have the drivers of KVM and of Xen. When the directory of a finished migration was brought to another host, or to this one without being defined, this writes its definitions anew for that host's networks and hypervisor, and defines it there. It shows what it would do and asks; no image is written, and a VM that runs is refused.",
    "To bring a directory to another host: rsync -aS or cp -a --sparse=always; virt-p2v verify reads it again there.",
  ],
  positional: { name: "NAME", help: "Name of the VM, as the migration gave it." },
  settings: [
    "to",
    "hypervisor",
    "network",
    "link",
    "autostart",
    "start",
    "ssh-config",
    "yes",
    "json",
    "trace",
    "help",
  ],
  required: ["to"],
  examples: [
    ["virt-p2v host define web --to ssh://root@kvm/var/lib/libvirt/images", "it was migrated to a Xen host"],
    ["virt-p2v host define web --to dir:/srv/vms --network br0 --start", "on this machine"],
  ],
};

export const hostUndefine: Command = {
  name: "host undefine",
  summary: "Take a migrated VM away from its host: its definition and its files",
  description: [
    "Removes exactly what a migration made: the VM's entry in libvirt or /etc/xen, and the images, definitions and reports in its directory. Shows it and asks. What somebody else put into the directory stays, and so does a file in /etc/xen that was changed since.",
    "A VM that runs is refused.",
  ],
  positional: { name: "NAME", help: "Name of the VM, as the migration gave it." },
  settings: ["to", "ssh-config", "yes", "json", "trace", "help"],
  required: ["to"],
  examples: [
    [
      "virt-p2v host undefine web --to ssh://root@host/var/lib/libvirt/images",
      "with the --to of the migration",
    ],
  ],
};
