#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# CentOS 7 style: root on a partition; the swap volume was in a group on a second disk that is not given.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree 3.10.0-1160.el7.x86_64
printf 'NAME="CentOS Linux"\nID="centos"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n' | put etc/os-release
rm -r tree/etc/debian_version tree/etc/network tree/var/lib/dpkg
mkdir -p tree/usr/sbin tree/boot/grub2; : > tree/usr/bin/dracut; chmod 755 tree/usr/bin/dracut
printf 'DEVICE=eno1\nHWADDR=52:54:00:00:00:01\nBOOTPROTO=none\nIPADDR=192.0.2.10\nPREFIX=24\nGATEWAY=192.0.2.1\nONBOOT=yes\n' | put etc/sysconfig/network-scripts/ifcfg-eno1
W="root=UUID=$ROOT_UUID ro crashkernel=auto rd.lvm.lv=fast/swap resume=/dev/mapper/fast-swap rhgb quiet"
menu "$W"; mv tree/boot/grub/grub.cfg tree/boot/grub2/grub.cfg; rmdir tree/boot/grub
printf 'GRUB_CMDLINE_LINUX="%s"\n' "crashkernel=auto rd.lvm.lv=fast/swap resume=/dev/mapper/fast-swap rhgb quiet" | put etc/default/grub
printf 'UUID=%s / ext4 defaults 0 0\n' $ROOT_UUID | put etc/fstab
simple sda.img
rm -rf tree
