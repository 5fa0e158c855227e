# SPDX-License-Identifier: Apache-2.0
# Helpers for the make.sh of every case: a small Debian-like system in a disk image, from nothing. bash; sourced.
# Needs root for nothing but owner 0 inside images (run as root or under fakeroot), and: sfdisk mkfs.ext4 cpio gzip.
set -eu
KERNEL=6.1.0-18-amd64
ROOT_UUID=11111111-aaaa-4bbb-8ccc-000000000001
SWAP_UUID=11111111-aaaa-4bbb-8ccc-000000000002
DATA_UUID=11111111-aaaa-4bbb-8ccc-000000000003

# put FILE < text: a file of the tree $T, with its directories
put() { mkdir -p "$T/$(dirname "$1")"; cat > "$T/$1"; }

# base_tree DIR [release]: Debian 12 with systemd and ifupdown; everything a VM needs is built into its kernel
base_tree() {
	T=$1; kernel=${2:-$KERNEL}
	rm -rf "$T"; mkdir -p "$T"/{bin,boot,dev,etc,home,proc,root,run,sbin,srv,sys,tmp,usr/lib/systemd,usr/bin,usr/sbin,var/lib/dpkg}
	printf 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n' | put etc/os-release
	echo 12.5 | put etc/debian_version
	echo web | put etc/hostname
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0' | tee "$T/bin/sh" "$T/usr/lib/systemd/systemd" > /dev/null
	chmod 755 "$T/bin/sh" "$T/usr/lib/systemd/systemd"
	ln -s ../usr/lib/systemd/systemd "$T/sbin/init"
	echo kernel > "$T/boot/vmlinuz-$kernel"
	(cd "$T" && mkdir -p .i && printf '#!/bin/sh\n' > .i/init && chmod 755 .i/init && cd .i && echo init | cpio -o -H newc --quiet | gzip -n9) > "$T/boot/initrd.img-$kernel"
	rm -rf "$T/.i"
	mkdir -p "$T/lib/modules/$kernel"; : > "$T/lib/modules/$kernel/modules.dep"
	for m in drivers/virtio/virtio drivers/virtio/virtio_pci drivers/virtio/virtio_ring drivers/block/virtio_blk drivers/scsi/virtio_scsi drivers/net/virtio_net \
		drivers/block/xen-blkfront drivers/net/xen-netfront fs/ext4/ext4 fs/xfs/xfs fs/btrfs/btrfs fs/fat/vfat drivers/ata/ahci drivers/scsi/sd_mod; do
		echo "kernel/$m.ko"; done > "$T/lib/modules/$kernel/modules.builtin"
	printf 'UUID=%s / ext4 errors=remount-ro 0 1\nUUID=%s none swap sw 0 0\n' $ROOT_UUID $SWAP_UUID | put etc/fstab
	printf 'auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet static\n  address 192.0.2.10/24\n  gateway 192.0.2.1\n  hwaddress ether 52:54:00:00:00:01\n' | put etc/network/interfaces
	printf 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX=""\n' | put etc/default/grub
	menu "root=UUID=$ROOT_UUID ro quiet"
}

# menu WORDS: grub.cfg with one entry
menu() {
	put boot/grub/grub.cfg <<-END
	set default="0"
	menuentry 'Debian GNU/Linux' {
		search --no-floppy --fs-uuid --set=root $ROOT_UUID
		linux /boot/vmlinuz-${kernel:-$KERNEL} $1
		initrd /boot/initrd.img-${kernel:-$KERNEL}
	}
	END
}

# table IMAGE MIB [gpt|dos] < lines of sfdisk
table() { rm -f "$1"; truncate -s "$2M" "$1"; { echo "label: ${3:-dos}"; [ "${3:-dos}" = gpt ] || echo "label-id: ${LABEL_ID:-0x1a2b3c4d}"; cat; } | sfdisk -q "$1"; }

# boot_code IMAGE: what grub-install leaves in an MBR, as far as anyone looks at it
boot_code() { printf '\353\143\220' | dd of="$1" bs=1 conv=notrunc status=none; printf 'GRUB \0Geom\0Hard Disk\0Read\0 Error\r\n' | dd of="$1" bs=1 seek=384 conv=notrunc status=none; printf 'loading..\n' | dd of="$1" bs=512 seek=1 conv=notrunc status=none; }

# ext4 IMAGE OFFSET_MIB SIZE_MIB UUID [DIR] [mkfs options]: a file system within the image
ext4() { i=$1 o=$2 s=$3 u=$4 d=${5:-}; shift 5 || shift 4; f=$(mktemp ./fs.XXXXXX); truncate -s "${s}M" "$f"
	mkfs.ext4 -q -F -U "$u" ${d:+-d "$d"} "$@" "$f"; dd if="$f" of="$i" bs=1M seek="$o" conv=notrunc,sparse status=none; rm "$f"; }

# swap IMAGE OFFSET_MIB SIZE_MIB UUID
swap() { f=$(mktemp ./fs.XXXXXX); truncate -s "${3}M" "$f"; mkswap -q -U "$4" "$f"; dd if="$f" of="$1" bs=1M seek="$2" conv=notrunc status=none; rm "$f"; }

# simple IMAGE: base disk: 1 = root (ext4, from tree $T), 2 = swap; BIOS
simple() {
	printf 'start=1MiB, size=96MiB, type=83, bootable\nstart=97MiB, size=16MiB, type=82\n' | table "$1" 128
	boot_code "$1"; ext4 "$1" 1 96 $ROOT_UUID "$T"; swap "$1" 97 16 $SWAP_UUID
}

# merge_usr DIR: /bin, /sbin and /lib become links into /usr
merge_usr() { local d; for d in bin sbin lib; do mkdir -p "$1/usr/$d"; [ -d "$1/$d" ] && cp -a "$1/$d/." "$1/usr/$d/" && rm -rf "${1:?}/$d"; ln -s "usr/$d" "$1/$d"; done; ln -sfn ../lib/systemd/systemd "$1/usr/sbin/init"; }

# lvm_here DEVICE... and lvm_on COMMAND...: LVM that sees these devices only, and makes none
lvm_here() { local d; LVM_FILTER=""; for d in "$@"; do LVM_FILTER="$LVM_FILTER\"a|^$d\$|\", "; done; }
lvm_on() { local command=$1; shift; lvm "$command" --driverloaded n --config "devices { dir=\"/dev\" scan=\"/dev\" obtain_device_list_from_udev=0 use_devicesfile=0 filter=[${LVM_FILTER}\"r|.*|\"] } activation { udev_sync=0 udev_rules=0 } backup { backup=0 archive=0 } global { event_activation=0 }" "$@"; }
