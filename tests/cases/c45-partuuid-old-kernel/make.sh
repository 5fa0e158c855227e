#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A kernel of one's own, 3.2, without an initramfs, on an MBR disk: root=/dev/sda1. Kernels know PARTUUID of MBR disks since 3.8 only.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree 3.2.29
printf 'NAME=Slackware\nVERSION="14.0"\nID=slackware\nVERSION_ID=14.0\nPRETTY_NAME="Slackware 14.0"\n' | put etc/os-release
echo 'Slackware 14.0' | put etc/slackware-version
rm -r tree/etc/debian_version tree/var/lib/dpkg tree/usr/lib/systemd tree/etc/default tree/boot/grub/grub.cfg tree/boot/initrd.img-$kernel
rm tree/sbin/init; : > tree/sbin/init; chmod 755 tree/sbin/init
printf 'id:3:initdefault:\nc1:12345:respawn:/sbin/agetty 38400 tty1 linux\n' | put etc/inittab
printf 'default 0\ntimeout 5\ntitle Slackware 14.0\n  root (hd0,0)\n  kernel /boot/vmlinuz-%s root=/dev/sda1 ro vt.default_utf8=0\n' $kernel | put boot/grub/menu.lst
printf '/dev/sda1 / ext4 defaults 1 1\n/dev/sda2 swap swap defaults 0 0\n' | put etc/fstab
simple disk.img
rm -rf tree
