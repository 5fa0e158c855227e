#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ubuntu on UEFI: debconf knows the EFI partition to install GRUB and shim on by the disk's id. Upgrades of shim-signed fail in the VM.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
printf 'PRETTY_NAME="Ubuntu 22.04.4 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\nID_LIKE=debian\n' | put etc/os-release
printf 'Name: grub-efi/install_devices\nTemplate: grub-efi/install_devices\nValue: /dev/disk/by-id/nvme-SAMSUNG_MZVL2512HCJQ-00B00_S675NX0R000001-part1\nOwners: grub-common, grub-efi-amd64, grub-pc\nFlags: seen\n\nName: grub-efi/install_devices_disks_changed\nTemplate: grub-efi/install_devices_disks_changed\nOwners: grub-common\n\n' | put var/cache/debconf/config.dat
mkdir -p esp/EFI/ubuntu esp/EFI/BOOT tree/boot/efi
pe() { printf 'MZ'; head -c 58 /dev/zero; printf '\200\0\0\0'; head -c 64 /dev/zero; printf 'PE\0\0\144\206'; head -c 400 /dev/zero; }
pe > esp/EFI/BOOT/BOOTX64.EFI; pe > esp/EFI/ubuntu/grubx64.efi; pe > esp/EFI/ubuntu/shimx64.efi; pe > esp/EFI/BOOT/fbx64.efi; pe > esp/EFI/BOOT/grubx64.efi
printf 'UUID=%s / ext4 errors=remount-ro 0 1\nUUID=ABCD-0001 /boot/efi vfat umask=0077 0 1\n' $ROOT_UUID | put etc/fstab
printf 'start=1MiB, size=40MiB, type=U\nstart=41MiB, size=96MiB, type=L\n' | table disk.img 160 gpt
f=fat.tmp; truncate -s 40M $f; mkfs.vfat -F 32 -i ABCD0001 $f > /dev/null; mcopy -i $f -s esp/EFI ::
dd if=$f of=disk.img bs=1M seek=1 conv=notrunc status=none; rm $f
ext4 disk.img 41 96 $ROOT_UUID tree
rm -rf tree esp
