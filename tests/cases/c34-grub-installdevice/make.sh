#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SLES 15: YaST's list of disks to install GRUB on names the old disk; an update of the package grub2 installs it there.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree 5.14.21-150500.53-default
printf 'NAME="SLES"\nVERSION="15-SP5"\nID="sles"\nID_LIKE="suse"\nVERSION_ID="15.5"\nPRETTY_NAME="SUSE Linux Enterprise Server 15 SP5"\n' | put etc/os-release
rm -r tree/etc/debian_version tree/etc/network tree/var/lib/dpkg
mkdir -p tree/boot/grub2; mv tree/boot/grub/grub.cfg tree/boot/grub2/; rmdir tree/boot/grub
printf '/dev/disk/by-id/scsi-36000c29aabbccddeeff00112233445566\nactivate\ngeneric_mbr\n' | put etc/default/grub_installdevice
printf 'BOOTPROTO=static\nIPADDR=192.0.2.10/24\nSTARTMODE=auto\nLLADDR=\n' | put etc/sysconfig/network/ifcfg-eno1
simple disk.img
rm -rf tree
