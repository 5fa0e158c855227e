#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SLES 11: a bond whose cards are named by their slots, as YaST of SLES 10 wrote it and updates kept it.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree 3.0.101-108-default
printf 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n' | put etc/SuSE-release
printf 'NAME="SLES"\nVERSION="11.4"\nVERSION_ID="11.4"\nPRETTY_NAME="SUSE Linux Enterprise Server 11 SP4"\nID="sles"\n' | put etc/os-release
rm -r tree/etc/debian_version tree/etc/network tree/var/lib/dpkg tree/usr/lib/systemd tree/etc/default
rm tree/sbin/init; : > tree/sbin/init; chmod 755 tree/sbin/init
printf 'id:3:initdefault:\n' | put etc/inittab
printf "BOOTPROTO='static'\nIPADDR='192.0.2.10/24'\nSTARTMODE='auto'\nBONDING_MASTER='yes'\nBONDING_SLAVE_0='bus-pci-0000:01:00.0'\nBONDING_SLAVE_1='bus-pci-0000:01:00.1'\nBONDING_MODULE_OPTS='mode=active-backup miimon=100'\n" | put etc/sysconfig/network/ifcfg-bond0
printf "BOOTPROTO='none'\nSTARTMODE='hotplug'\n" | tee tree/etc/sysconfig/network/ifcfg-eth0 > tree/etc/sysconfig/network/ifcfg-eth1
for n in 0 1; do printf 'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="52:54:00:00:00:0%d", ATTR{type}=="1", KERNEL=="eth*", NAME="eth%d"\n' $((n + 1)) $n; done | put etc/udev/rules.d/70-persistent-net.rules
mv tree/boot/grub/grub.cfg tree/boot/grub/x; rm tree/boot/grub/x
printf 'default 0\ntimeout 8\ntitle SLES 11\n    root (hd0,0)\n    kernel /boot/vmlinuz-%s root=UUID=%s\n    initrd /boot/initrd.img-%s\n' $kernel $ROOT_UUID $kernel | put boot/grub/menu.lst
simple disk.img
rm -rf tree
