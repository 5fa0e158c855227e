#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# XFS with its log on another partition: fstab names it in the options, by device.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
mkdir -p tree/srv/data
printf 'UUID=%s / ext4 errors=remount-ro 0 1\nUUID=%s none swap sw 0 0\nUUID=%s /srv/data xfs noatime,logdev=/dev/sdb2 0 2\n' $ROOT_UUID $SWAP_UUID $DATA_UUID | put etc/fstab
simple sda.img
printf 'start=1MiB, size=320MiB, type=83\nstart=321MiB, size=64MiB, type=83\n' | LABEL_ID=0x5e6f7a8b table sdb.img 386
truncate -s 320M d.tmp; truncate -s 64M l.tmp
mkfs.xfs -q -f -m uuid=$DATA_UUID -l logdev=l.tmp,size=64m d.tmp
dd if=d.tmp of=sdb.img bs=1M seek=1 conv=notrunc,sparse status=none; dd if=l.tmp of=sdb.img bs=1M seek=321 conv=notrunc,sparse status=none
rm -rf tree d.tmp l.tmp
