#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# virt-p2v collector, format 1: what a plan needs to know of a running server, as one tar archive.
#
# Use:        sh collector.sh [FILE]      FILE - is standard output; default: p2v-HOSTNAME.tar.gz in this directory
# Better as root; an ordinary user's archive lacks what only root can read, and says what that is.
#
# It reads    /proc and /sys: CPU, memory, firmware, disks, volumes, network cards, controllers; the names that udev or
#             blkid know of each disk; how full the local file systems are (df); of the installed system: release files,
#             fstab, crypttab, boot loader menus and settings, network settings and leases, udev rules, settings of the
#             initramfs tools, the lists of kernel modules; the names of the files in /boot; boot loaders on the EFI partition.
# It never reads  passwords, keys and shadow files, home directories, logs, data. Values that look like a password, key or
#             token in what it reads are replaced by ***.
# It writes   the archive, and a directory below $TMPDIR (/tmp) that it removes again. It needs a few MB there, changes
#             nothing, loads no module, mounts nothing, and opens no network connection.
set -u
LC_ALL=C
PATH=${PATH:-/bin}:/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL PATH
umask 077

ROOT=${ROOT:-} # for tests: a tree in place of /
most_files=4000
most_text=2097152   # bytes of a configuration file
most_list=16777216  # bytes of a list of modules
most_loader=4194304 # bytes of an EFI program

work=${TMPDIR:-/tmp}/p2v-collect.$$
out=$work/tree
mkdir "$work" || exit 1 # and not where something is already
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
mkdir -p "$out/p2v"

count=0
note() { echo "$1" >> "$out/p2v/notes"; }

# Sets path: without . and .., never above the root, by the real names of /bin, /sbin and /lib.
clean() {
  path=
  old=$IFS
  IFS=/
  set -f
  for piece in $1; do
    case $piece in
      '' | .) ;;
      ..) path=${path%/*} ;;
      *) path=$path/$piece ;;
    esac
  done
  set +f
  IFS=$old
  case $path in
    /bin/* | /sbin/* | /lib/* | /lib64/*)
      piece=${path#/}
      if [ -L "$out/${piece%%/*}" ]; then path=/usr$path; fi
      ;;
  esac
}

# Sets real: where a path leads. Links on the way are kept, as relative ones, so that none can lead out of the tree.
follow() {
  clean "$1"
  real=$path
  hops=0
  while [ -L "$ROOT$real" ]; do
    hops=$((hops + 1))
    target=$(readlink "$ROOT$real") || target=
    if [ "$hops" -gt 10 ] || [ -z "$target" ]; then
      real=
      return 1
    fi
    case $target in
      /*) clean "$target" ;;
      *) clean "${real%/*}/$target" ;;
    esac
    mkdir -p "$out${real%/*}"
    ups=
    above=${real%/*}
    while [ -n "$above" ]; do
      ups=../$ups
      above=${above%/*}
    done
    if [ ! -e "$out$real" ] && [ ! -L "$out$real" ]; then ln -s "$ups${path#/}" "$out$real"; fi
    real=$path
  done
}

# Sets real to a regular file that is to be read now, no larger than $2 bytes.
choose() {
  follow "$1" || return 1
  [ -f "$ROOT$real" ] && [ ! -e "$out$real" ] || return 1
  count=$((count + 1))
  if [ "$count" -gt "$most_files" ]; then
    [ "$count" -gt $((most_files + 1)) ] || note "more than $most_files files: the rest is left out"
    return 1
  fi
  if [ ! -r "$ROOT$real" ]; then
    note "$real: not readable for this user"
    return 1
  fi
  if [ -n "$(find "$ROOT$real" -prune -size "+${2}c" 2>/dev/null)" ]; then
    note "$real: too large, left out"
    return 1
  fi
  mkdir -p "$out${real%/*}"
}

cat > "$work/mask" <<'MASK'
/-----BEGIN [A-Z ]*PRIVATE KEY-----/,/-----END [A-Z ]*PRIVATE KEY-----/s/.*/***/
s/\([Pp][Aa][Ss][Ss][Ww][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Pp][Aa][Ss][Ss][Pp][Hh][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Pp][Ss][Kk][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Ss][Ee][Cc][Rr][Ee][Tt][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Tt][Oo][Kk][Ee][Nn][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Cc][Rr][Ee][Dd][Ee][Nn][Tt][Ii][Aa][Ll][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Pp][Rr][Ee]-\{0,1\}[Ss][Hh][Aa][Rr][Ee][Dd][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Pp][Rr][Ii][Vv][Aa][Tt][Ee][-_]\{0,1\}[Kk][Ee][Yy][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Aa][Pp][Ii][-_]\{0,1\}[Kk][Ee][Yy][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([Ww][Ee][Pp][-_]\{0,1\}[Kk][Ee][Yy][A-Za-z0-9_.-]*["']\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/^\([[:space:]]*[Kk][Ee][Yy]_\{0,1\}[A-Z0-9]\{0,3\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([[:space:],;{&?"'][Kk][Ee][Yy][0-9]\{0,1\}[[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([[:space:],;{&?"'][Pp][Aa][Ss][Ss][[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/^\([[:space:]]*[Pp][Aa][Ss][Ss][[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([[:space:],;{&?"'][Pp][Ii][Nn][[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/^\([[:space:]]*[Pp][Ii][Nn][[:space:]]*[:=][[:space:]]*\)[^[:space:]].*/\1***/
s/\([[:space:]]wpa-[a-z0-9-]*[[:space:]][[:space:]]*\).*/\1***/
s/^\(wpa-[a-z0-9-]*[[:space:]][[:space:]]*\).*/\1***/
s/\(wireless-key[0-9]*[[:space:]][[:space:]]*\).*/\1***/
s/^\([[:space:]]*password[a-z0-9_]*[[:space:]][[:space:]]*\).*/\1***/
s/grub\.pbkdf2\.[A-Za-z0-9_.]*/***/g
s/\$[0-9y][a-z]*\$[.\/A-Za-z0-9$=,]\{8,\}/***/g
s,\(//[^[:space:]:/@]*:\)[^[:space:]@/]*@,\1***@,g
MASK

# A configuration file, with what looks like a secret masked.
text() {
  choose "$1" "$most_text" || return 0
  sed -f "$work/mask" < "$ROOT$real" > "$out$real" 2>/dev/null || note "$real: not masked, left out"
}

# A file as it is: lists of modules, EFI programs.
plain() {
  choose "$1" "$2" || return 0
  cat "$ROOT$real" > "$out$real" 2>/dev/null
}

# The head of a program says which machine it is for.
head_of() {
  choose "$1" 268435456 || return 0
  dd if="$ROOT$real" of="$out$real" bs=64 count=1 2>/dev/null
}

# That it is there is all that matters.
empty() {
  follow "$1" || return 0
  [ -f "$ROOT$real" ] && [ ! -e "$out$real" ] || return 0
  count=$((count + 1))
  [ "$count" -le "$most_files" ] || return 0
  mkdir -p "$out${real%/*}"
  : > "$out$real"
}

# An attribute of the kernel: they do not tell their size, and some answer with an error.
take() {
  [ -f "$ROOT$1" ] && [ -r "$ROOT$1" ] || return 0
  mkdir -p "$out${1%/*}"
  dd if="$ROOT$1" of="$out$1" bs=65536 count=256 2>/dev/null || rm -f "$out$1"
}

# The same from $1/NAME for each further argument.
take_from() {
  from=$1
  shift
  for name; do take "$from/$name"; done
}

# --- the computer -----------------------------------------------------------------------------------------------------

{
  echo "format=1"
  echo "date=$(date -u '+%Y-%m-%dT%H:%M:%SZ')"
  echo "user=$(id -u 2>/dev/null)"
} > "$out/p2v/collector"

take_from /proc cpuinfo meminfo version mounts self/mountinfo swaps mdstat partitions \
  sys/kernel/hostname sys/kernel/arch sys/kernel/osrelease
if [ -r "$ROOT/proc/cmdline" ]; then sed -f "$work/mask" < "$ROOT/proc/cmdline" > "$out/proc/cmdline"; fi
[ "$(id -u 2>/dev/null)" = 0 ] || note "not root: what only root can read is missing"
for one in "$ROOT"/proc/net/bonding/*; do
  if [ -f "$one" ]; then take "${one#"$ROOT"}"; fi
done
for one in "$ROOT"/sys/devices/system/cpu/cpu[0-9]*; do
  take_from "${one#"$ROOT"}" online topology/physical_package_id topology/core_id
done
take_from /sys/devices/system/cpu online present

id=/sys/class/dmi/id
if [ -d "$ROOT$id" ]; then
  take_from $id sys_vendor product_name product_version product_serial product_uuid bios_vendor bios_version bios_date \
    chassis_type
fi
if [ -d "$ROOT/sys/firmware" ]; then mkdir -p "$out/sys/firmware"; fi
take /sys/firmware/dmi/tables/DMI
if [ -d "$ROOT/sys/firmware/efi" ]; then
  mkdir -p "$out/sys/firmware/efi"
  for one in "$ROOT"/sys/firmware/efi/efivars/Boot[0-9O]*-8be4df61-* \
    "$ROOT"/sys/firmware/efi/efivars/SecureBoot-8be4df61-*; do
    if [ -f "$one" ]; then take "${one#"$ROOT"}"; fi
  done
fi

# Links of sysfs lead through a deep tree; what counts of a device is its bus name and its driver.
device() { # $1: the link, $2: where it is kept
  at=$(readlink "$ROOT$1") || return 0
  bus=${at##*/}
  mkdir -p "$out${2%/*}" "$out/sys/devices/p2v/$bus"
  ups=
  above=${2%/*}
  while [ -n "$above" ]; do
    ups=../$ups
    above=${above%/*}
  done
  ln -s "${ups}sys/devices/p2v/$bus" "$out$2" 2>/dev/null
  driver "$1/driver" "/sys/devices/p2v/$bus"
}
driver() { # $1: the link, $2: the device's directory in the archive
  at=$(readlink "$ROOT$1" 2>/dev/null) || return 0
  mkdir -p "$out$2" "$out/sys/bus/p2v/drivers/${at##*/}"
  ups=
  above=$2
  while [ -n "$above" ]; do
    ups=../$ups
    above=${above%/*}
  done
  [ -L "$out$2/driver" ] || ln -s "${ups}sys/bus/p2v/drivers/${at##*/}" "$out$2/driver"
}

for one in "$ROOT"/sys/bus/pci/devices/*; do
  one=${one#"$ROOT"}
  read -r class 2>/dev/null < "$ROOT$one/class" || continue
  case $class in
    0x01* | 0x02*)
      take_from "$one" class vendor device subsystem_vendor subsystem_device
      driver "$one/driver" "$one"
      ;;
  esac
done

mkdir -p "$out/sys/class/net"
nics=0
for one in "$ROOT"/sys/class/net/*; do
  nics=$((nics + 1))
  [ "$nics" -le 512 ] || break
  one=${one#"$ROOT"}
  [ -e "$ROOT$one/device" ] || [ -L "$ROOT$one/device" ] || continue
  take_from "$one" address type speed carrier duplex mtu operstate bonding_slave/perm_hwaddr ifindex phy80211/name
  device "$one/device" "$one/device"
  if [ -e "$ROOT$one/device/physfn" ]; then : > "$out/sys/devices/p2v/$bus/physfn"; fi
  index=
  [ ! -r "$ROOT$one/ifindex" ] || read -r index < "$ROOT$one/ifindex"
  if [ -n "$index" ] && [ -r "$ROOT/run/udev/data/n$index" ]; then
    mkdir -p "$out/run/udev/data"
    sed -n '/^E:ID_NET_NAME_[A-Z]*=/p' "$ROOT/run/udev/data/n$index" > "$out/run/udev/data/n$index"
  fi
done

# --- disks ------------------------------------------------------------------------------------------------------------

# What udev or blkid know of a device, as KEY=value lines in the place of its node.
properties() { # $1: /sys path, $2: name in the kernel
  devno=
  [ ! -r "$ROOT$1/dev" ] || read -r devno < "$ROOT$1/dev"
  node=/dev/$(echo "$2" | tr '!' '/')
  case $2 in
    dm-*)
      name=
      [ ! -r "$ROOT$1/dm/name" ] || read -r name < "$ROOT$1/dm/name"
      [ -z "$name" ] || node=/dev/mapper/$name
      ;;
  esac
  clean "$node"
  node=$path
  mkdir -p "$out${node%/*}"
  if [ -n "$devno" ] && [ -r "$ROOT/run/udev/data/b$devno" ]; then
    sed -n 's/^E:\(ID_[A-Z]*\|MD_[A-Z]*\|ID_FS_.*\|ID_PART_.*\)/\1/p' "$ROOT/run/udev/data/b$devno" > "$out$node"
  fi
  if ! grep -q '^ID_\(FS\|PART_TABLE\)_TYPE=' "$out$node" 2>/dev/null; then
    { udevadm info --query=property --name="$ROOT$node" || udevinfo -q env -n "$ROOT$node"; } 2>/dev/null |
      grep '^\(ID\|MD\)_' >> "$out$node"
  fi
  if ! grep -q '^ID_\(FS\|PART_TABLE\)_TYPE=' "$out$node" && [ -r "$ROOT$node" ]; then
    ask_blkid
  fi
  if ! grep -q '^ID_FS_TYPE=' "$out$node"; then by_links "$2"; fi
  [ -s "$out$node" ] || rm -f "$out$node"
}
ask_blkid() {
  patience=
  if type timeout > /dev/null 2>&1 && timeout 1 true 2>/dev/null; then patience="timeout 20"; fi
  if $patience blkid -p -o udev "$ROOT$node" > "$work/probe" 2>/dev/null; then
    cat "$work/probe" >> "$out$node"
  else # before util-linux 2.17: /dev/sda1: LABEL="/" UUID="..." TYPE="ext3"
    $patience blkid "$ROOT$node" 2>/dev/null | sed 's/^[^:]*: *//; s/" /"\
/g' | sed -n 's/^ *\(TYPE\|UUID\|LABEL\)="\(.*\)" *$/ID_FS_\1=\2/p' >> "$out$node"
  fi
}
by_links() { # $1: name in the kernel. Without root: links of udev say the UUID, the table of mounts the type
  for named in "$ROOT"/dev/disk/by-uuid/* "$ROOT"/dev/disk/by-label/*; do
    [ -L "$named" ] || continue
    at=$(readlink "$named")
    [ "${at##*/}" = "$1" ] || [ "$at" = "$node" ] || continue
    case $named in
      */by-uuid/*) echo "ID_FS_UUID=${named##*/}" ;;
      */by-label/*) echo "ID_FS_LABEL_ENC=${named##*/}" ;;
    esac >> "$out$node"
  done
  sed -n "s|^$node [^ ]* \\([a-z0-9]*\\) .*|ID_FS_TYPE=\\1\\
ID_FS_USAGE=filesystem|p" "$out/proc/mounts" 2>/dev/null | sed 2q >> "$out$node"
  if grep -q "^$node " "$out/proc/swaps" 2>/dev/null; then echo ID_FS_TYPE=swap >> "$out$node"; fi
}

names_in() { # empty directories of the same names
  for name in "$ROOT$1"/*; do
    if [ -e "$name" ] || [ -L "$name" ]; then mkdir -p "$out$1/${name##*/}"; fi
  done
}

disks=0
mkdir -p "$out/sys/block"
for one in "$ROOT"/sys/block/*; do
  one=${one#"$ROOT"}
  kname=${one##*/}
  case $kname in ram* | zram* | sr[0-9]* | fd[0-9]* | nbd* | '*') continue ;; esac
  read -r sectors 2>/dev/null < "$ROOT$one/size" || continue
  case $kname in loop*) [ "$sectors" != 0 ] || continue ;; esac
  disks=$((disks + 1))
  [ "$disks" -le 2048 ] || break
  take_from "$one" size dev hidden removable ro serial queue/logical_block_size queue/rotational device/vendor \
    device/model device/serial device/vpd_pg80 device/wwid dm/name dm/uuid md/level loop/backing_file
  names_in "$one/slaves"
  names_in "$one/holders"
  properties "$one" "$kname"
  for part in "$ROOT$one/$kname"*; do
    part=${part#"$ROOT"}
    [ -f "$ROOT$part/start" ] || continue
    take_from "$part" partition start size dev
    # Old kernels do not say the number: it is the end of the name.
    if [ ! -s "$out$part/partition" ]; then echo "$part" | sed 's/.*[^0-9]//' > "$out$part/partition"; fi
    names_in "$part/holders"
    properties "$part" "${part##*/}"
  done
done
for one in "$ROOT"/sys/fs/btrfs/*-*; do
  if [ -d "$one/devices" ]; then names_in "${one#"$ROOT"}/devices"; fi
done

# Only file systems of disks: one of a server that is away would wait for ever.
spaces() {
  while read -r source point type rest; do
    case $source in /dev/*) ;; *) case $type in btrfs | zfs) ;; *) continue ;; esac ;; esac
    case $type in iso9660 | udf | squashfs | autofs) continue ;; esac
    point=$(printf '%b' "$(echo "$point" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')")
    "$@" "$ROOT$point" 2>/dev/null | sed -n '2,$p'
  done < "$out/proc/mounts" | sed 300q
}
if [ -f "$out/proc/mounts" ]; then
  spaces df -P -k > "$out/p2v/df"
  spaces df -P -i > "$out/p2v/df-inodes"
fi

# --- the installed system ---------------------------------------------------------------------------------------------

for one in bin sbin lib lib64; do
  if [ -L "$ROOT/$one" ] && [ -d "$ROOT/usr/$one" ]; then
    mkdir -p "$out/usr/$one"
    ln -s "usr/$one" "$out/$one"
  fi
done

all() { # each file that a pattern named
  for one; do
    case $one in *~ | *.bak | *.rpmsave | *.dpkg-old) continue ;; esac
    if [ -f "$one" ] || [ -L "$one" ]; then text "${one#"$ROOT"}"; fi
  done
}
r=$ROOT
all "$r"/etc/os-release "$r"/usr/lib/os-release "$r"/etc/*-release "$r"/etc/debian_version "$r"/etc/hostname \
  "$r"/etc/HOSTNAME "$r"/etc/fstab "$r"/etc/crypttab "$r"/etc/adjtime "$r"/etc/resolv.conf "$r"/etc/inittab \
  "$r"/etc/securetty "$r"/etc/modules "$r"/etc/modprobe.conf "$r"/etc/modprobe.d/* "$r"/etc/modules-load.d/* \
  "$r"/etc/selinux/config "$r"/etc/mdadm.conf "$r"/etc/mdadm/mdadm.conf "$r"/etc/multipath.conf "$r"/etc/lvm/lvm.conf
all "$r"/etc/default/grub "$r"/etc/default/grub.d/* "$r"/etc/default/extlinux "$r"/etc/default/u-boot "$r"/etc/grub.d/4* \
  "$r"/etc/kernel/* "$r"/etc/cmdline.d/* "$r"/etc/update-extlinux.conf "$r"/etc/sysconfig/network "$r"/etc/sysconfig/kernel \
  "$r"/etc/sysconfig/bootloader "$r"/etc/sysconfig/grub "$r"/etc/sysconfig/clock
all "$r"/etc/sysconfig/network-scripts/ifcfg-* "$r"/etc/sysconfig/network-scripts/ro* "$r"/etc/sysconfig/network-scripts/ru* \
  "$r"/etc/sysconfig/network/if* "$r"/etc/sysconfig/network/routes "$r"/etc/sysconfig/network/config \
  "$r"/etc/network/interfaces "$r"/etc/network/interfaces.d/* "$r"/etc/netplan/* "$r"/usr/lib/netplan/* \
  "$r"/run/netplan/* "$r"/etc/NetworkManager/NetworkManager.conf "$r"/etc/NetworkManager/conf.d/* \
  "$r"/etc/NetworkManager/system-connections/* "$r"/run/NetworkManager/system-connections/* \
  "$r"/etc/systemd/network/* "$r"/etc/systemd/network/*/*.conf "$r"/run/systemd/network/* "$r"/etc/udev/rules.d/*
all "$r"/var/lib/dhcp/*lease* "$r"/var/lib/dhcp3/*lease* "$r"/var/lib/dhclient/*lease* "$r"/var/lib/dhcpcd/* \
  "$r"/var/lib/NetworkManager/*lease* "$r"/var/lib/wicked/lease*
all "$r"/etc/initramfs-tools/* "$r"/etc/initramfs-tools/conf.d/* "$r"/usr/share/initramfs-tools/hooks/udev \
  "$r"/etc/dracut.conf "$r"/etc/dracut.conf.d/* "$r"/etc/mkinitcpio.conf "$r"/etc/mkinitcpio.conf.d/* "$r"/etc/mkinitfs/*.conf \
  "$r"/etc/mkinitfs/features.d/*.modules "$r"/etc/init/tty* "$r"/etc/event.d/tty*
all "$r"/boot/grub/grub.cfg "$r"/boot/grub2/grub.cfg "$r"/boot/grub/menu.lst "$r"/boot/grub/grub.conf "$r"/etc/grub.conf \
  "$r"/boot/grub*/grubenv "$r"/boot/grub*/device.map "$r"/boot/grub*/custom.cfg "$r"/boot/grub*/user.cfg \
  "$r"/boot/efi/EFI/*/grub.cfg "$r"/boot/efi/EFI/*/grub.conf "$r"/boot/efi/EFI/*/grubenv "$r"/boot/extlinux* \
  "$r"/boot/extlinux/*.conf "$r"/boot/syslinux/*.cfg "$r"/boot/syslinux/*.conf "$r"/extlinux.conf \
  "$r"/boot/loader/*.conf "$r"/boot/loader/entries/*.conf "$r"/boot/efi/loader/*.conf "$r"/boot/efi/loader/entries/*.conf \
  "$r"/efi/loader/*.conf "$r"/efi/loader/entries/*.conf "$r"/boot/config-*

for one in /bin/sh /sbin/init /usr/bin/env /bin/true; do head_of $one; done
for one in /usr/lib/systemd/systemd /lib/systemd/systemd /sbin/openrc-init /sbin/openrc /sbin/initctl \
  /usr/sbin/mkinitramfs /usr/sbin/update-initramfs /usr/bin/dracut /usr/sbin/dracut /sbin/dracut /usr/bin/mkinitcpio \
  /sbin/mkinitcpio /sbin/mkinitfs /usr/sbin/mkinitfs /sbin/mkinitrd /usr/sbin/mkinitrd /usr/bin/booster; do
  empty $one
done
for one in "$r"/etc/init/* "$r"/etc/event.d/* "$r"/etc/systemd/system/getty.target.wants/* "$r"/boot/* "$r"/boot/efi/*/*/linux \
  "$r"/boot/efi/*/*/initrd "$r"/boot/*/*/linux "$r"/boot/*/*/initrd "$r"/efi/*/*/linux "$r"/efi/*/*/initrd \
  "$r"/lib/modules/*/vmlinuz "$r"/etc/initramfs-tools/hooks/* "$r"/usr/lib/dracut/modules.d/*/module-setup.sh; do
  if [ -f "$one" ] || [ -L "$one" ]; then empty "${one#"$ROOT"}"; fi
done
for one in boot boot/efi efi proc sys dev; do
  if [ -d "$ROOT/$one" ]; then mkdir -p "$out/$one"; fi
done
for one in boot boot/efi boot/grub boot/grub2; do
  if [ -d "$ROOT/$one" ] && [ ! -r "$ROOT/$one" ]; then note "/$one: not readable for this user"; fi
done
# shellcheck disable=SC2012 # for people: sizes and dates
ls -ln "$ROOT/boot" 2>/dev/null | sed 1000q > "$out/p2v/boot"

kernels=0
for one in "$r"/lib/modules/*; do
  [ -d "$one" ] || continue
  kernels=$((kernels + 1))
  if [ "$kernels" -gt 16 ]; then
    note "more than 16 kernels: the lists of modules of the others are left out"
    break
  fi
  for name in modules.dep modules.builtin modules.alias pkgbase; do plain "${one#"$ROOT"}/$name" "$most_list"; done
done

programs=0
for one in "$r"/boot/efi/EFI/*/*.[eE][fF][iI] "$r"/efi/EFI/*/*.[eE][fF][iI] "$r"/boot/EFI/*/*.[eE][fF][iI] \
  "$r"/boot/efi/EFI/*/*.[cC][sS][vV]; do
  [ -f "$one" ] || continue
  programs=$((programs + 1))
  if [ "$programs" -le 32 ]; then plain "${one#"$ROOT"}" "$most_loader"; fi
  empty "${one#"$ROOT"}"
done

# --- the archive ------------------------------------------------------------------------------------------------------

pack="cat"
suffix=
if type gzip > /dev/null 2>&1; then
  pack="gzip -c"
  suffix=.gz
fi
to=${1:-}
if [ -z "$to" ]; then
  host=
  [ ! -r "$ROOT/proc/sys/kernel/hostname" ] || read -r host < "$ROOT/proc/sys/kernel/hostname"
  to=p2v-$(echo "$host" | tr -cd 'A-Za-z0-9.-').tar$suffix
fi
if ! (cd "$out" && tar cf "$work/tar" .); then
  echo "tar failed; is there room in ${TMPDIR:-/tmp}?" >&2
  exit 1
fi
if [ "$to" = - ]; then
  $pack < "$work/tar"
else
  $pack < "$work/tar" > "$to" || exit 1
  echo "Written: $to" >&2
  if [ -s "$out/p2v/notes" ]; then sed 20q "$out/p2v/notes" >&2; fi
fi
