// SPDX-License-Identifier: Apache-2.0
// The command that converts images alone.
import type { Command } from "./command.ts";

export const convert: Command = {
  name: "convert",
  summary: "Convert the system on disk images, without copying them",
  description: [
    "What migrate does to a guest, and nothing else: its own initramfs tool, boot loader, fstab and network names are made fit for a VM, on an overlay. Without --overlay and --in-place it only shows what would change.",
    "With --overlay all changes are in a new qcow2 file whose backing file is the image; the image is not written. With --in-place they are written into the image at the end, all at once, from an overlay that stays until they are. The directory IMAGE.conversion then holds the record and each changed file before and after, by which --undo gives every file its content, mode, owner and attributes back. A migration keeps the same beside its report, in conversion/.",
    "Images are raw or qcow2, which must not need other files; for others: qemu-img convert -O qcow2.",
  ],
  positional: {
    name: "IMAGE",
    help: "A disk image, raw or qcow2, or a block device; several in their order.",
    many: true,
  },
  settings: [
    "overlay",
    "in-place",
    "only",
    "root",
    "was",
    "key",
    "skip",
    "with",
    "extras",
    "list-steps",
    "undo",
    "force",
    "keep",
    "name",
    "firmware",
    "nic",
    "yes",
    "diff",
    "verbose",
    "json",
    "trace",
    "help",
  ],
  required: [],
  examples: [
    ["virt-p2v convert server.img", "what would change"],
    ["virt-p2v convert server.img --overlay server.qcow2", "the image stays as it is"],
    [
      "virt-p2v convert server.img --in-place --only fstab --only initramfs",
      "two steps only, into the image",
    ],
    ["virt-p2v convert --undo server.img.conversion", "and back"],
    ["virt-p2v convert --undo vms/web/conversion", "all files of the source in a migrated VM's images"],
  ],
};
