#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# CentOS 5 as a paravirtual Xen guest: its only kernel is kernel-xen, which no other machine can start.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree 2.6.18-398.el5xen
echo 'CentOS release 5.11 (Final)' | put etc/redhat-release
rm -r tree/etc/debian_version tree/etc/network tree/var/lib/dpkg tree/etc/os-release tree/usr/lib/systemd tree/boot/grub/grub.cfg tree/etc/default
rm tree/sbin/init; : > tree/sbin/init; : > tree/sbin/mkinitrd; chmod 755 tree/sbin/*
printf 'id:3:initdefault:\nco:2345:respawn:/sbin/agetty xvc0 9600 vt100-nav\n' | put etc/inittab
printf 'alias eth0 xennet\nalias scsi_hostadapter xenblk\n' | put etc/modprobe.conf
printf 'DEVICE=eth0\nHWADDR=00:16:3e:00:00:01\nBOOTPROTO=none\nIPADDR=192.0.2.10\nNETMASK=255.255.255.0\nGATEWAY=192.0.2.1\nONBOOT=yes\n' | put etc/sysconfig/network-scripts/ifcfg-eth0
printf 'default=0\ntimeout=5\ntitle CentOS (%s)\n\troot (hd0,0)\n\tkernel /boot/vmlinuz-%s ro root=/dev/xvda1\n\tinitrd /boot/initrd.img-%s\n' $kernel $kernel $kernel | put boot/grub/grub.conf
ln -s grub.conf tree/boot/grub/menu.lst
printf '/dev/xvda1 / ext3 defaults 1 1\n/dev/xvda2 swap swap defaults 0 0\n' | put etc/fstab
printf 'kernel/drivers/xen/blkfront/xenblk.ko:\nkernel/drivers/xen/netfront/xennet.ko:\nkernel/drivers/ata/ata_piix.ko:\nkernel/drivers/ata/libata.ko:\nkernel/drivers/scsi/sd_mod.ko:\nkernel/drivers/net/e1000/e1000.ko:\nkernel/fs/ext3/ext3.ko:\nkernel/fs/jbd/jbd.ko:\n' | put lib/modules/$kernel/modules.dep
rm tree/lib/modules/$kernel/modules.builtin
(cd tree && mkdir -p .i/lib && cd .i && printf '#!/bin/nash\nmkrootdev -t ext3 -o defaults,ro /dev/xvda1\n' > init && for m in ata_piix libata sd_mod ext3 jbd xenblk; do echo x > lib/$m.ko; done && find . | cpio -o -H newc --quiet | gzip -n9) > tree/boot/initrd.img-$kernel; rm -rf tree/.i
simple xvda.img
rm -rf tree
