#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# CentOS 6: its kernel 2.6.32 has virtio_pci and virtio_blk, of the old kind only (no virtio 1.0).
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree 2.6.32-754.35.1.el6.x86_64
echo 'CentOS release 6.10 (Final)' | put etc/redhat-release
rm -r tree/etc/debian_version tree/etc/network tree/var/lib/dpkg tree/etc/os-release tree/usr/lib/systemd tree/boot/grub/grub.cfg tree/etc/default
rm tree/sbin/init; : > tree/sbin/init; : > tree/sbin/initctl; chmod 755 tree/sbin/*
printf 'start on runlevel\n' | put etc/init/rc.conf
printf 'DEVICE=eth0\nHWADDR=52:54:00:00:00:01\nBOOTPROTO=none\nIPADDR=192.0.2.10\nPREFIX=24\nGATEWAY=192.0.2.1\nONBOOT=yes\n' | put etc/sysconfig/network-scripts/ifcfg-eth0
printf 'default=0\ntimeout=5\ntitle CentOS 6\n\troot (hd0,0)\n\tkernel /boot/vmlinuz-%s ro root=UUID=%s rhgb quiet\n\tinitrd /boot/initrd.img-%s\n' $kernel $ROOT_UUID $kernel | put boot/grub/grub.conf
ln -s grub.conf tree/boot/grub/menu.lst
printf 'UUID=%s / ext4 defaults 1 1\nUUID=%s swap swap defaults 0 0\n' $ROOT_UUID $SWAP_UUID | put etc/fstab
simple disk.img
rm -rf tree
