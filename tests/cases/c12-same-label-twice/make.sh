#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fstab mounts LABEL=data, and two disks carry that label: the old data disk was kept in the machine after it was replaced.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
mkdir -p tree/srv/data
printf 'UUID=%s / ext4 errors=remount-ro 0 1\nUUID=%s none swap sw 0 0\nLABEL=data /srv/data ext4 defaults 0 2\n' $ROOT_UUID $SWAP_UUID | put etc/fstab
simple sda.img
mkdir -p old new; echo 2015 > old/year; echo 2024 > new/year
printf 'start=1MiB, size=30MiB, type=83\n' | LABEL_ID=0x5e6f7a8b table sdb.img 32; ext4 sdb.img 1 30 11111111-aaaa-4bbb-8ccc-00000000000b old -L data
printf 'start=1MiB, size=30MiB, type=83\n' | LABEL_ID=0x5e6f7a8c table sdc.img 32; ext4 sdc.img 1 30 11111111-aaaa-4bbb-8ccc-00000000000c new -L data
rm -rf tree old new
