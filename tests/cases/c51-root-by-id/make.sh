#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A disk image, given without its machine: root= and fstab name it by model and serial number, swap by its connector.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
printf '/dev/disk/by-id/ata-ST1000NM0011_Z1N0ABCD-part1 / ext4 errors=remount-ro 0 1\n/dev/disk/by-path/pci-0000:00:1f.2-ata-1-part2 none swap sw 0 0\n' | put etc/fstab
menu "root=/dev/disk/by-id/ata-ST1000NM0011_Z1N0ABCD-part1 ro quiet"
simple disk.img
rm -rf tree
