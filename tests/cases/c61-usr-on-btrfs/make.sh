#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Root and /usr are subvolumes of one btrfs, @ and @usr, and the directories are merged. Needs root (loop devices, mount).
cd "$(dirname "$0")"; . ../lib.sh
ROOT_UUID=11111111-aaaa-4bbb-8ccc-000000000061 # of its own: the kernel mounts no two btrfs of one UUID, and cases are planned side by side
base_tree tree
merge_usr tree
printf 'UUID=%s / btrfs subvol=@ 0 0\nUUID=%s /usr btrfs subvol=@usr 0 0\n' $ROOT_UUID $ROOT_UUID | put etc/fstab
menu "root=UUID=$ROOT_UUID rootflags=subvol=@ ro quiet"
printf 'start=1MiB, size=254MiB, type=83, bootable\n' | table disk.img 256
boot_code disk.img
a=$(losetup -f --show -o 1MiB --sizelimit 254MiB disk.img)
trap 'umount mnt 2>/dev/null || :; losetup -d $a' EXIT
mkfs.btrfs -q -f -U $ROOT_UUID $a; mkdir -p mnt; mount $a mnt
btrfs -q subvolume create mnt/@ > /dev/null; btrfs -q subvolume create mnt/@usr > /dev/null
cp -a tree/usr/. mnt/@usr/; rm -rf tree/usr; mkdir tree/usr; cp -a tree/. mnt/@/
umount mnt; rmdir mnt; btrfs device scan --forget
rm -rf tree
