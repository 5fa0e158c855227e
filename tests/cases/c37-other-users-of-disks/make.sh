#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Device names outside fstab and the boot loader: rc.local, autofs, DRBD, raw devices, an ASM rule, an LIO target.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
mkdir -p tree/srv/data
printf '#!/bin/sh\nmount /dev/sdb1 /srv/data\nexit 0\n' | put etc/rc.local; chmod 755 tree/etc/rc.local
printf '/srv/auto /etc/auto.disks\n' | put etc/auto.master
printf 'old -fstype=ext4 :/dev/sdb1\n' | put etc/auto.disks
printf 'resource r0 {\n  device /dev/drbd0;\n  disk /dev/sdb1;\n  meta-disk internal;\n  on web { address 192.0.2.10:7789; }\n}\n' | put etc/drbd.d/r0.res
printf '/dev/raw/raw1 /dev/sdb1\n' | put etc/sysconfig/rawdevices
printf 'KERNEL=="sd?1", SUBSYSTEM=="block", PROGRAM=="/lib/udev/scsi_id -g -u -d /dev/$parent", RESULT=="36000c29aabbccddeeff00112233445566", SYMLINK+="asm/disk1", OWNER="oracle", MODE="0660"\n' | put etc/udev/rules.d/99-oracle-asm.rules
printf '{"storage_objects":[{"dev":"/dev/sdb1","name":"lun0","plugin":"block"}]}\n' | put etc/rtslib-fb-target/saveconfig.json
simple sda.img
printf 'start=1MiB, size=30MiB, type=83\n' | LABEL_ID=0x5e6f7a8b table sdb.img 32; ext4 sdb.img 1 30 $DATA_UUID
rm -rf tree
