#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sda: system. sdb: small disk with the encrypted swap (stays behind). sdc: data. Given: sda and sdc.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
printf 'UUID=%s / ext4 errors=remount-ro 0 1\nUUID=%s /srv/data ext4 defaults 0 2\n/dev/mapper/cryptswap none swap sw 0 0\n' $ROOT_UUID $DATA_UUID | put etc/fstab
printf 'cryptswap /dev/sdb1 /dev/urandom swap,cipher=aes-xts-plain64,size=256\n' | put etc/crypttab
mkdir -p tree/srv/data tree/srv/backup
simple sda.img
mkdir -p data; echo "years of work" > data/ledger
LABEL_ID=0x5e6f7a8b
printf 'start=1MiB, size=48MiB, type=83\n' | table sdc.img 64
ext4 sdc.img 1 48 $DATA_UUID data
rm -rf tree data
