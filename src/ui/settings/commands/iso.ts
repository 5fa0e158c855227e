// SPDX-License-Identifier: Apache-2.0
// Commands that make the live CD and what boots it.
import type { Command } from "./command.ts";

export const isoBuild: Command = {
  name: "iso build",
  summary: "Build the live CD: one image for CD and USB stick, BIOS and UEFI",
  description: [
    "Installs a small Debian with all storage and network drivers of its kernel, this program and its tools, and writes one image of about 325 MiB (64 of them room for iso attach) that starts from CD, DVD and USB stick, in BIOS, UEFI and Secure Boot. What is on it is listed in livecd/packages, with reasons.",
    "Needs Debian, root and a clone of the repository. The Debian part is kept in the cache directory ($P2V_CACHE, else ~/.cache/virt-p2v), so that building again takes seconds; remove it there to get newer packages. The same inputs give the same image, byte for byte.",
    "To make a stick: cp virt-p2v.iso /dev/sdX, where sdX is the whole stick, and all on it is lost.",
  ],
  positional: null,
  settings: ["out", "ssh-key", "config", "extras", "package", "suite", "room", "json", "trace", "help"],
  required: [],
  examples: [
    ["virt-p2v iso build", "virt-p2v.iso in this directory"],
    ["virt-p2v iso build --ssh-key ~/.ssh/id_ed25519.pub", "with ssh into the live system"],
    ["virt-p2v iso build --extras ./extras --package htop", "with more on it"],
  ],
};

export const isoAttach: Command = {
  name: "iso attach",
  summary: "Put the current program, extras or answers onto a finished image",
  description: [
    "Writes a copy of the image ISO with this program in the room that iso build left there. Nothing else of it changes, so it boots as before, from CD and stick, in BIOS, UEFI and Secure Boot. Takes seconds, and needs no root. An ssh key, extras and answers of the build stay where no others are given; what was attached before is replaced, but for its extras and answers.",
    "At boot the newer program runs, the attached one where both are the same version. One that is damaged, made for another live system, or does not start is left aside, and the consoles say so.",
  ],
  positional: { name: "ISO", help: "An image that virt-p2v iso build made." },
  settings: ["out", "ssh-key", "config", "extras", "json", "trace", "help"],
  required: ["out"],
  examples: [
    ["virt-p2v iso attach virt-p2v.iso --out new.iso", "after an update of the clone"],
    ["virt-p2v iso attach virt-p2v.iso --out night.iso --config answers.yaml", "the answers of this night"],
  ],
};

export const isoPxe: Command = {
  name: "iso pxe",
  summary: "Write a directory from which machines boot the live system over the network",
  description: [
    "Makes a tree for TFTP and HTTP of the image ISO: kernel, one initramfs with all of the live system in it, a script for iPXE, menus for GRUB (UEFI, with Secure Boot by shim: bootx64.efi) and PXELINUX. What was attached to the image comes along. Needs no root.",
    "A machine that boots so needs 2 GiB of memory. TFTP moves a few MB a second; with --http the boot loaders fetch kernel and initramfs from there.",
  ],
  positional: { name: "ISO", help: "An image that virt-p2v iso build made." },
  settings: ["out", "http", "json", "trace", "help"],
  required: ["out"],
  examples: [
    [
      "virt-p2v iso pxe virt-p2v.iso --out /srv/tftp/p2v --http http://boot.example.org/p2v",
      "DHCP gives virt-p2v.ipxe to iPXE, bootx64.efi to UEFI",
    ],
  ],
};

export const isoKickstart: Command = {
  name: "iso kickstart",
  summary: "Write the live system as a kickstart for Fedora, RHEL and their relatives",
  description: [
    "Makes a directory with virt-p2v.ks, the program and the script that makes a live system of a tree: the same packages by their names there, the same units and rules. livecd-creator builds the image from it, on such a machine and as root. Whoever has Debian at hand takes iso build, whose image serves every machine.",
  ],
  positional: null,
  settings: ["out", "ssh-key", "config", "extras", "json", "trace", "help"],
  required: ["out"],
  examples: [["virt-p2v iso kickstart --out ./kickstart", "then there: livecd-creator --config=virt-p2v.ks"]],
};
