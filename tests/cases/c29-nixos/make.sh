#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# NixOS: fstab and os-release are links into /nix/store, whose files nobody may change; they come from hardware-configuration.nix.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree 6.6.32
S=nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-etc/etc
rm -r tree/etc tree/var/lib/dpkg tree/boot/grub; mkdir -p tree/etc tree/$S
printf 'NAME=NixOS\nID=nixos\nVERSION_ID="24.05"\nPRETTY_NAME="NixOS 24.05 (Uakari)"\n' | put $S/os-release
printf '/dev/sda1 / ext4 x-initrd.mount 0 1\n/dev/sda2 none swap defaults\n' | put $S/fstab
echo web | put $S/hostname
ln -s /$S tree/etc/static; for f in os-release fstab hostname; do ln -s static/$f tree/etc/$f; done; : > tree/etc/NIXOS
put etc/nixos/hardware-configuration.nix <<'END'
{ ... }:
{
  boot.initrd.availableKernelModules = [ "ahci" "sd_mod" ];
  fileSystems."/" = { device = "/dev/sda1"; fsType = "ext4"; };
  swapDevices = [ { device = "/dev/sda2"; } ];
}
END
mkdir -p tree/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-linux-6.6.32 tree/boot/grub
printf 'search --set=root --fs-uuid %s\nmenuentry "NixOS - Default" {\n  linux /boot/vmlinuz-%s init=/nix/store/cccccccccccccccccccccccccccccccc-nixos-system/init root=fstab\n  initrd /boot/initrd.img-%s\n}\n' $ROOT_UUID $kernel $kernel | put boot/grub/grub.cfg
simple disk.img
rm -rf tree
