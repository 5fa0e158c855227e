#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No line in fstab: systemd's own units mount the data disk and a swap by device name.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
printf 'UUID=%s / ext4 errors=remount-ro 0 1\n' $ROOT_UUID | put etc/fstab
printf '[Unit]\nDescription=Data\n[Mount]\nWhat=/dev/sdb1\nWhere=/srv/data\nType=ext4\n[Install]\nRequiredBy=local-fs.target\n' | put etc/systemd/system/srv-data.mount
printf '[Swap]\nWhat=/dev/sda2\n[Install]\nWantedBy=swap.target\n' | put etc/systemd/system/dev-sda2.swap
mkdir -p tree/etc/systemd/system/local-fs.target.requires tree/etc/systemd/system/swap.target.wants
ln -s ../srv-data.mount tree/etc/systemd/system/local-fs.target.requires/srv-data.mount
ln -s ../dev-sda2.swap tree/etc/systemd/system/swap.target.wants/dev-sda2.swap
mkdir -p tree/srv/data tree/srv/backup
simple sda.img
mkdir -p data; echo x > data/file
LABEL_ID=0x5e6f7a8b
printf 'start=1MiB, size=48MiB, type=83\n' | table sdb.img 64
ext4 sdb.img 1 48 $DATA_UUID data
rm -rf tree data
