#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# BIOS, a partition table and a complete system, and not one byte of a boot loader in the MBR: the machine was started by PXE
# (or from another disk or stick that stays behind).
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
simple disk.img
dd if=/dev/zero of=disk.img bs=440 count=1 conv=notrunc status=none
dd if=/dev/zero of=disk.img bs=512 seek=1 count=100 conv=notrunc status=none
rm -rf tree
