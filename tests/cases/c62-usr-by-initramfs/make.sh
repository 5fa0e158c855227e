#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# /usr is a partition of its own that only the kernel's command line names (mount.usr=), as dracut and systemd take it.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
merge_usr tree
menu "root=UUID=$ROOT_UUID mount.usr=/dev/sda3 mount.usrfstype=ext4 ro quiet"
rm -rf usr; mv tree/usr usr; mkdir tree/usr
printf 'start=1MiB, size=96MiB, type=83, bootable\nstart=97MiB, size=16MiB, type=82\nstart=113MiB, size=64MiB, type=83\n' | table disk.img 192
boot_code disk.img; ext4 disk.img 1 96 $ROOT_UUID tree; swap disk.img 97 16 $SWAP_UUID
ext4 disk.img 113 64 11111111-aaaa-4bbb-8ccc-000000000004 usr
rm -rf tree usr
