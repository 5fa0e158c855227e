#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# GRUB 2 without search lines (written with GRUB_DISABLE_UUID, or by hand): its menu names (hd1,msdos1), as the old BIOS counted
# with a second disk in front, which stays behind. All else is by UUID.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
put boot/grub/grub.cfg <<END
set default=0
menuentry 'Debian GNU/Linux' {
	set root='hd1,msdos1'
	linux /boot/vmlinuz-$kernel root=UUID=$ROOT_UUID ro quiet
	initrd /boot/initrd.img-$kernel
}
END
simple system.img
rm -rf tree
