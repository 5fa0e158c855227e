#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what this project needs on Debian: npm packages (Node 24 among them) and Debian packages.
# Says what and why; does nothing, and says nothing, when all is there. Usage: setup.sh [npm|run|iso|release|bench|hosts|all]
#   npm: only npm packages.   run: npm and what a migration needs.   all (default): run, and what demo and tests need.
#   iso: npm, and what builds the live CD.   bench: all, and what the benchmark compares with.
#   hosts: all, and a libvirt to migrate to.
#   release: all, what builds the live CD, and what makes packages.
set -eu
cd "$(dirname "$0")/.."
what=${1:-all}

fail() {
	printf 'virt-p2v set-up: %s\n  %s\n' "$1" "$2" >&2
	exit 1
}

# package  program  why -- a package is missing when its program (or file) is not there
# The .deb depends on these ...
RUN_PACKAGES='
qemu-utils /usr/bin/qemu-img disk images (qcow2), and what an overlay changed
qemu-system-common /usr/bin/qemu-storage-daemon the overlay above a disk that is never written
fuse3 /usr/bin/fusermount3 the overlay as a file
e2fsprogs /usr/sbin/e2fsck check of ext file systems
mtools /usr/bin/mcopy EFI system partitions where the kernel has no vfat
util-linux /usr/sbin/blkid file system signatures, loop devices
mount /usr/bin/mount mounts of the overlay
kmod /usr/sbin/modinfo kernel modules
cpio /usr/bin/cpio initramfs archives
attr /usr/bin/getfattr extended attributes of changed files
zstd /usr/bin/zstd compressed modules and images
xz-utils /usr/bin/xz compressed initramfs
lz4 /usr/bin/lz4 compressed initramfs
bzip2 /usr/bin/bzip2 compressed initramfs
lzop /usr/bin/lzop compressed initramfs
openssh-client /usr/bin/ssh hosts reached over ssh
'
# ... and recommends these: for the boot check, and for what some machines have. Both are installed here.
MORE_PACKAGES='
qemu-system-x86 /usr/bin/qemu-system-x86_64 the boot check of the finished VM
cryptsetup-bin /usr/sbin/cryptsetup keys of LUKS volumes
partclone /usr/sbin/partclone.ntfs maps of the used blocks of NTFS
xfsprogs /usr/sbin/xfs_repair check of XFS file systems
dialog /usr/bin/dialog the wizard
dmsetup /usr/sbin/dmsetup the overlay where the kernel has device-mapper
'
TEST_PACKAGES='
mmdebstrap /usr/bin/mmdebstrap builds the demo machine
fdisk /usr/sbin/sfdisk partitions the demo disk
dosfstools /usr/sbin/mkfs.vfat test disks
btrfs-progs /usr/bin/btrfs test disks
lvm2 /usr/sbin/lvm test disks
mdadm /usr/sbin/mdadm judges superblocks of software RAID
openssh-server /usr/sbin/sshd a real ssh server for the tests, on 127.0.0.1 only
libvirt-clients /usr/bin/virt-xml-validate judges the libvirt definition
libvirt0 /usr/share/libvirt/schemas/domain.rng the schema it judges by
libxml2-utils /usr/bin/xmllint used by virt-xml-validate
shellcheck /usr/bin/shellcheck judges our shell scripts
mandoc /usr/bin/mandoc judges our man pages
fish /usr/bin/fish a login shell that is no POSIX shell
tcsh /usr/bin/tcsh another one
busybox /usr/bin/busybox the smallest shell that a host or guest may have
ipxe-qemu /usr/lib/ipxe/qemu/pxe-e1000.rom test machines that boot over the network
ovmf /usr/share/OVMF/OVMF_CODE_4M.fd firmware of UEFI test machines
ntfs-3g /usr/sbin/mkntfs test disks
xorriso /usr/bin/xorriso test media
squashfs-tools /usr/bin/mksquashfs test media
procps /usr/bin/pgrep tests look for processes left behind
less /usr/bin/less a pager for the tests of the plan
tmux /usr/bin/tmux a terminal for the tests of the wizard
'
ISO_PACKAGES='
mmdebstrap /usr/bin/mmdebstrap the Debian system on the live CD
squashfs-tools /usr/bin/mksquashfs packs it
xorriso /usr/bin/xorriso writes the image
mtools /usr/bin/mcopy files of the EFI partition
dosfstools /usr/sbin/mkfs.vfat the EFI partition
kmod /usr/sbin/depmod drivers of the initramfs
cpio /usr/bin/cpio packs the initramfs
xz-utils /usr/bin/xz unpacks drivers
zstd /usr/bin/zstd compresses the initramfs
binutils /usr/bin/strip makes Node 17 MB smaller
'
RELEASE_PACKAGES='
dpkg /usr/bin/dpkg-deb makes the Debian package
lintian /usr/bin/lintian judges it
patchelf /usr/bin/patchelf makes programs that bring their libraries
'
HOSTS_PACKAGES='
libvirt-daemon-system /etc/libvirt/qemu.conf a libvirt host for the tests, in namespaces of its own
libvirt-daemon /usr/sbin/libvirtd its daemon
bubblewrap /usr/bin/bwrap confines a key to one directory
libvirt-daemon-driver-qemu /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so its QEMU driver
'
BENCH_PACKAGES='
nbdkit /usr/bin/nbdkit serves a disk, as the C virt-p2v does
libnbd-bin /usr/bin/nbdcopy fetches it
iproute2 /usr/sbin/tc shaped links
'

missing() {
	printf '%s\n' "$1" | while read -r package file why; do
		[ -n "$package" ] || continue
		[ -e "$file" ] || printf '%s\t%s\n' "$package" "$why"
	done
}

case $what in npm | run | iso | bench | hosts | release | all) ;; *) fail "unknown part '$what'" 'Say npm, run, iso, bench, hosts, release or all.' ;; esac

if [ "$(uname -m)" != x86_64 ]; then
	fail "this machine is $(uname -m), not x86_64" 'Use an x86_64 machine.'
fi

if ! cmp -s package-lock.json node_modules/.p2v-lock; then
	command -v npm >/dev/null 2>&1 || fail 'npm is not installed' 'Install Node 20 or newer with npm.'
	free_kib=$(df -Pk . | awk 'NR == 2 { print $4 }')
	[ "$free_kib" -gt 600000 ] || fail "only $((free_kib / 1024)) MiB free in $PWD" 'Free 600 MiB there.'
	echo 'virt-p2v set-up: npm packages (Node 24, TypeScript, linters; exact versions from package-lock.json)'
	npm ci --no-audit --no-fund --loglevel=error || fail 'npm ci failed' 'Check that the npm registry can be reached, and run it again.'
	cp package-lock.json node_modules/.p2v-lock
fi
[ "$what" != npm ] || exit 0

if [ "$what" = iso ]; then wanted=$(missing "$ISO_PACKAGES"); else wanted=$(missing "$RUN_PACKAGES$MORE_PACKAGES"); fi
case $what in all | bench | hosts | release) wanted=$(printf '%s\n%s\n' "$wanted" "$(missing "$TEST_PACKAGES")" | sed '/^$/d') ;; esac
[ "$what" != bench ] || wanted=$(printf '%s\n%s\n' "$wanted" "$(missing "$BENCH_PACKAGES")" | sed '/^$/d')
[ "$what" != hosts ] || wanted=$(printf '%s\n%s\n' "$wanted" "$(missing "$HOSTS_PACKAGES")" | sed '/^$/d')
[ "$what" != release ] || wanted=$(printf '%s\n%s\n' "$wanted" "$(missing "$ISO_PACKAGES$RELEASE_PACKAGES")" | sed '/^$/d')
[ -n "$wanted" ] || exit 0

[ -e /etc/debian_version ] || fail 'this is not Debian' 'Run it on Debian 12 or a relative; or install the programs named in scripts/setup.sh yourself.'
[ "$(id -u)" = 0 ] || fail "Debian packages are missing and you are not root: $(printf '%s\n' "$wanted" | cut -f1 | tr '\n' ' ')" 'Run it as root (sudo npm run setup).'
free_kib=$(df -Pk /usr | awk 'NR == 2 { print $4 }')
[ "$free_kib" -gt 1500000 ] || fail "only $((free_kib / 1024)) MiB free in /usr" 'Free 1.5 GiB there.'

echo 'virt-p2v set-up: Debian packages'
printf '%s\n' "$wanted" | awk -F '\t' '{ printf "  %-20s %s\n", $1, $2 }'
log=$(mktemp "${TMPDIR:-/tmp}/p2v-setup.XXXXXX")
packages=$(printf '%s\n' "$wanted" | cut -f1 | sort -u)
export DEBIAN_FRONTEND=noninteractive
# No service of these packages is started: policy-rc.d would be too late for a machine that already has one.
# shellcheck disable=SC2086
if ! { apt-get update && apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1; then
	tail -n 5 "$log" >&2
	fail "apt-get could not install them; its output is in $log" 'Check /etc/apt/sources.list and the network, and run it again.'
fi
rm -f "$log"
