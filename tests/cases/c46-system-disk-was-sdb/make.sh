#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The system's disk was /dev/sdb (a card reader or a data disk came first). It alone is given, as the first disk.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
menu "root=/dev/sdb1 ro quiet"
printf '/dev/sdb1 / ext4 errors=remount-ro 0 1\n/dev/sdb2 none swap sw 0 0\n' | put etc/fstab
simple system.img
rm -rf tree
