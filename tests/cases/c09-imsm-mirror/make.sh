#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two disks of an Intel firmware mirror (imsm, "fake RAID"): equal bytes, the signature in the second last sector of each. fstab
# names the array's partitions.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
printf '/dev/md126p1 / ext4 errors=remount-ro 0 1\n/dev/md126p2 none swap sw 0 0\n' | put etc/fstab
menu "root=/dev/md126p1 ro quiet"
simple sda.img
# struct imsm_super (mdadm, super-intel.c): sig[32], check_sum, mpb_size, family_num ...; num_disks at 56, num_raid_devs at 57
python3 - <<'PY'
import struct
mpb = bytearray(512)
mpb[0:32] = b"Intel Raid ISM Cfg Sig. 1.1.00".ljust(32, b" ")
struct.pack_into("<IIIIII", mpb, 36, 512, 0x1234abcd, 7, 0, 0, 0)
mpb[56], mpb[57] = 2, 1
struct.pack_into("<I", mpb, 32, sum(struct.unpack("<128I", bytes(mpb))) & 0xffffffff)
with open("sda.img", "r+b") as f:
    f.seek(-1024, 2); f.write(mpb)
PY
cp --sparse=always sda.img sdb.img
rm -rf tree
