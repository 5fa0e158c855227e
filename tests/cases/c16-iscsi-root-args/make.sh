#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Booted from a SAN over iSCSI by its network card's firmware (iBFT). Its LUN becomes the VM's disk; the kernel is still told to log in.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree 4.18.0-425.el8.x86_64
printf 'NAME="Rocky Linux"\nVERSION="8.7"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="8.7"\nPRETTY_NAME="Rocky Linux 8.7"\n' | put etc/os-release
rm -r tree/etc/debian_version tree/etc/network tree/var/lib/dpkg
: > tree/usr/bin/dracut; chmod 755 tree/usr/bin/dracut
printf 'DEVICE=eno1\nHWADDR=52:54:00:00:00:01\nBOOTPROTO=ibft\nONBOOT=yes\n' | put etc/sysconfig/network-scripts/ifcfg-eno1
menu "root=UUID=$ROOT_UUID ro rd.iscsi.firmware=1 rd.iscsi.ibft=1 netroot=iscsi:@192.0.2.50::3260::iqn.2020-01.example:web ip=ibft rd.neednet=1"
printf 'UUID=%s / ext4 _netdev 0 0\n' $ROOT_UUID | put etc/fstab
mkdir -p tree/boot/grub2; mv tree/boot/grub/grub.cfg tree/boot/grub2/; rmdir tree/boot/grub
simple disk.img
rm -rf tree
