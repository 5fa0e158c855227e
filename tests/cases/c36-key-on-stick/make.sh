#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An encrypted data disk that a key file on a USB stick opens at boot; the stick stays in the old machine.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
mkdir -p tree/srv/data
printf 'UUID=%s / ext4 errors=remount-ro 0 1\nUUID=%s none swap sw 0 0\n/dev/mapper/data /srv/data ext4 defaults 0 2\n' $ROOT_UUID $SWAP_UUID | put etc/fstab
printf 'data UUID=%s /keys/web:LABEL=KEYSTICK luks\n' $DATA_UUID | put etc/crypttab
simple sda.img
printf 'start=1MiB, size=62MiB, type=83\n' | LABEL_ID=0x5e6f7a8b table sdb.img 64
truncate -s 62M l.tmp; printf secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid $DATA_UUID l.tmp -
dd if=l.tmp of=sdb.img bs=1M seek=1 conv=notrunc,sparse status=none; rm -rf tree l.tmp
