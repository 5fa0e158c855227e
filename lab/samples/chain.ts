// SPDX-License-Identifier: Apache-2.0
// The chain of boot of the sample machine.
import type { Chain } from "../../src/core/index.ts";

const link = (
  place: Chain["links"][number]["place"],
  text: string,
  why: string,
  verdict: "proven" | "assumed" = "proven",
): Chain["links"][number] => ({ place, verdict, text, why, advice: null, about: [] });

export const SAMPLE_CHAIN: Chain = {
  platform: "kvm",
  links: [
    link(
      "firmware",
      "BIOS starts GRUB 2 in the first sector of disk 1",
      "its first sector was read, and what it loads is there",
    ),
    link("loader", 'GRUB 2 starts "Debian GNU/Linux"', "the default entry of /boot/grub/grub.cfg"),
    link("kernel", "Linux 6.1.0-18-amd64", "/boot/vmlinuz-6.1.0-18-amd64 is there"),
    link(
      "initramfs",
      "/boot/initrd.img-6.1.0-18-amd64",
      "it holds virtio, virtio_ring, virtio_pci, virtio_blk, ext4",
    ),
    link(
      "root",
      "UUID=5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d (disk 1, partition 1)",
      "it is the root that was found",
    ),
    link("init", "/sbin/init (systemd)", "/usr/lib/systemd/systemd is there"),
    link(
      "mounts",
      "1 file system and swap",
      "each is on the disks of the VM, under a name that it has there",
    ),
    link(
      "network",
      "enp3s0: DHCP",
      "/etc/network/interfaces; that the card gets this name is not tied to its address",
      "assumed",
    ),
    link("console", "tty0", "a console that the VM has"),
  ],
};
