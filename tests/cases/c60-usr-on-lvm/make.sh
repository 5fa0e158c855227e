#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Root and /usr are volumes of LVM over three disks, /boot a partition of the first; directories merged. Needs root and lvm.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
merge_usr tree
printf '/dev/mapper/sys-root / ext4 errors=remount-ro 0 1\nUUID=%s /boot ext4 defaults 0 2\n/dev/mapper/sys-usr /usr ext4 defaults 0 2\n' $DATA_UUID | put etc/fstab
menu "root=/dev/mapper/sys-root ro quiet"
rm -rf usr boot; mv tree/usr usr; mv tree/boot boot; mkdir tree/usr tree/boot
printf 'start=1MiB, size=48MiB, type=83, bootable\nstart=49MiB, size=64MiB, type=8e\n' | table sda.img 128
printf 'start=1MiB, size=64MiB, type=8e\n' | LABEL_ID=0x5e6f7a8b table sdb.img 80
printf 'start=1MiB, size=64MiB, type=8e\n' | LABEL_ID=0x5e6f7a8c table sdc.img 80
boot_code sda.img
ext4 sda.img 1 48 $DATA_UUID boot
a=$(losetup -f --show -o 49MiB --sizelimit 64MiB sda.img); b=$(losetup -f --show -o 1MiB --sizelimit 64MiB sdb.img); c=$(losetup -f --show -o 1MiB --sizelimit 64MiB sdc.img)
trap 'losetup -d $a $b $c' EXIT
lvm_here $a $b $c
lvm_on pvcreate -q $a $b $c; lvm_on vgcreate -q -s 4m sys $a $b $c
# Each volume begins on one disk and ends on another.
lvm_on lvcreate -q -an -Zn -Wn -l 20 -n root sys; lvm_on lvcreate -q -an -Zn -Wn -l 22 -n usr sys
# extents OFFSET_MIB of each physical volume: 1; an extent is 4 MiB
place() { truncate -s "$(( $3 * 4 ))M" fs.tmp; mkfs.ext4 -q -F -U "$1" -d "$2" fs.tmp
	lvm_on pvs --noheadings --segments -o pv_name,pvseg_start,pvseg_size,lv_name,seg_start_pe | while read -r pv start size lv from; do
		[ "$lv" = "$4" ] || continue
		dd if=fs.tmp of="$pv" bs=4M skip="$from" count="$size" oflag=seek_bytes seek="$(( 1048576 + start * 4194304 ))" conv=notrunc status=none; done; rm fs.tmp; }
place $ROOT_UUID tree 20 root; place 11111111-aaaa-4bbb-8ccc-000000000004 usr 22 usr
rm -rf tree usr boot
