#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A paravirtual Xen guest: the file system begins at byte 0, no partition table, no boot code; its host read menu.lst (pygrub).
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
printf '/dev/xvda / ext4 errors=remount-ro 0 1\n' | put etc/fstab
rm -r tree/boot/grub/grub.cfg tree/etc/default/grub
printf 'default 0\ntimeout 5\ntitle Debian\n\troot (hd0)\n\tkernel /boot/vmlinuz-%s root=/dev/xvda ro console=hvc0\n\tinitrd /boot/initrd.img-%s\n' $KERNEL $KERNEL | put boot/grub/menu.lst
rm -f xvda.img; truncate -s 96M xvda.img; mkfs.ext4 -q -F -U $ROOT_UUID -d tree xvda.img
rm -rf tree
