#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An ostree system (Fedora IoT, CoreOS, Silverblue): the root is a deployment below /ostree/deploy, fstab is in its /etc.
cd "$(dirname "$0")"; . ../lib.sh
base_tree sys 6.8.5-301.fc40.x86_64
printf 'NAME="Fedora Linux"\nVERSION="40.20240416.3.1 (CoreOS)"\nID=fedora\nVERSION_ID=40\nVARIANT_ID=coreos\nPRETTY_NAME="Fedora CoreOS 40"\nOSTREE_VERSION=40.20240416.3.1\n' | put etc/os-release
rm -r sys/etc/debian_version sys/etc/network sys/etc/default
H=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
mkdir -p all/ostree/deploy/fedora-coreos/deploy all/ostree/boot.1 all/boot/loader.1/entries all/boot/ostree/fedora-coreos-$H all/sysroot
mv sys/boot/vmlinuz-$kernel sys/boot/initrd.img-$kernel all/boot/ostree/fedora-coreos-$H/
ln -s loader.1 all/boot/loader
printf 'title Fedora CoreOS 40\nversion 1\noptions root=/dev/sda1 rw ostree=/ostree/boot.1/fedora-coreos/%s/0 console=ttyS1,115200n8 eno1=x\nlinux /ostree/fedora-coreos-%s/vmlinuz-%s\ninitrd /ostree/fedora-coreos-%s/initrd.img-%s\n' $H $H $kernel $H $kernel > all/boot/loader.1/entries/ostree-1-fedora-coreos.conf
rm -r sys/boot/grub; mv sys all/ostree/deploy/fedora-coreos/deploy/$H.0; T=all
simple disk.img
rm -rf all
