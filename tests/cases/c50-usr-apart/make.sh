#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# /usr on a partition of its own, directories merged (/bin is a link into it): the root alone has no shell and no init.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
for d in bin sbin lib; do mkdir -p tree/usr/$d; [ -d tree/$d ] && cp -a tree/$d/. tree/usr/$d/ && rm -rf tree/$d; ln -s usr/$d tree/$d; done
USR_UUID=11111111-aaaa-4bbb-8ccc-000000000004
printf 'UUID=%s / ext4 errors=remount-ro 0 1\n/dev/sda3 /usr ext4 defaults 0 2\nUUID=%s none swap sw 0 0\n' $ROOT_UUID $SWAP_UUID | put etc/fstab
rm -rf usr; mv tree/usr usr; mkdir tree/usr
printf 'start=1MiB, size=96MiB, type=83, bootable\nstart=97MiB, size=16MiB, type=82\nstart=113MiB, size=64MiB, type=83\n' | table disk.img 192
boot_code disk.img; ext4 disk.img 1 96 $ROOT_UUID tree; swap disk.img 97 16 $SWAP_UUID; ext4 disk.img 113 64 $USR_UUID usr
rm -rf tree usr
