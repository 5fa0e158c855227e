#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# btrfs as RAID 1 over a partition of each of two disks; the kernel is told both by name. Needs root (loop devices, mount).
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
U=$ROOT_UUID
printf 'UUID=%s / btrfs defaults,device=/dev/sda1,device=/dev/sdb1 0 0\n' $U | put etc/fstab
menu "root=UUID=$U rootflags=device=/dev/sda1,device=/dev/sdb1 ro quiet"
printf 'start=1MiB, size=254MiB, type=83, bootable\n' | table sda.img 256
printf 'start=1MiB, size=254MiB, type=83\n' | LABEL_ID=0x5e6f7a8b table sdb.img 256
boot_code sda.img
a=$(losetup -f --show -o 1MiB --sizelimit 254MiB sda.img); b=$(losetup -f --show -o 1MiB --sizelimit 254MiB sdb.img)
trap 'umount mnt 2>/dev/null || :; losetup -d $a $b' EXIT
mkfs.btrfs -q -f -U $U -d raid1 -m raid1 $a $b; mkdir -p mnt; btrfs device scan $a $b > /dev/null; mount $a mnt; cp -a tree/. mnt/; umount mnt; rmdir mnt; btrfs device scan --forget
rm -rf tree
