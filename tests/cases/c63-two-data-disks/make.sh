#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two data disks alike, mounted by names of the kernel; neither says where it was mounted.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
{ cat tree/etc/fstab; printf '/dev/sdb1 /srv/mail ext4 defaults 0 2\n/dev/sdc1 /srv/web ext4 defaults 0 2\n'; } > fstab
put etc/fstab < fstab
mkdir -p tree/srv/mail tree/srv/web
simple system.img
rm -rf tree fstab
for n in 3 4; do
	echo '2048,+,L' | table data-$n.img 40
	ext4 data-$n.img 1 38 11111111-aaaa-4bbb-8ccc-00000000000$n
done
