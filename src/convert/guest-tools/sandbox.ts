// SPDX-License-Identifier: Apache-2.0
// How a program of the guest is run: its own mount, process, network, host-name and IPC namespaces, root moved to
// the copy (not only changed: a chroot can be left), no device of this machine, few capabilities, bounded file size.
// Pure: it renders an argv.

/**
 * $1: the copy, $2: directory for results, $3: where the copy sees it (a directory that only we make). All mounts are
 * nodev, so that mknod makes nothing that can be opened. /proc is read-only (sysrq-trigger, sys), and what it shows of
 * this machine's disks is hidden: hooks of initramfs-tools look for a swap to resume from in /proc/swaps. When memory
 * runs out, the kernel ends these programs first. The root of the namespace is an empty directory in memory that holds
 * the copy. A program that leaves the chroot lands there. One that stays cannot make a user namespace (the kernel refuses
 * that in a changed root), and so regains no capability. Moves are made with -n: mount(8) would note them in /run, which
 * this machine may not have.
 *
 * What others have mounted is let go first: else what they unmount would stay mounted here until the guest's program ends. Another run
 * of ours would copy a file system that is not clean, and a stick that is pulled out after umount would not be.
 */
const ENTER = `set -eu
echo 1000 > /proc/self/oom_score_adj
cd "$1"
copy=$1 out=$2 inside=$3
shift 3
# %b takes one digit more behind \\0: a blank that a digit follows would be another character.
mounts=$(sed 's/\\\\\\([0-7][0-7][0-7]\\)/\\\\0\\1/g' /proc/self/mounts)
printf '%s\n' "$mounts" | while read -r device place _; do
  place=$(printf '%b' "$place")
  case "$copy/" in "$place"/*) continue ;; esac
  case "$out/" in "$place"/*) continue ;; esac
  case "$place" in / | /usr | /usr/* | /bin | /sbin | /lib* | /nix | /nix/* | /gnu | /gnu/* | "$copy"/* | "$out"/*) continue ;; esac
  case "$device $place" in /dev/* | */p2v-*) umount -l "$place" 2>/dev/null || : ;; esac
done
for d in proc dev sys; do [ -d $d ] && [ ! -L $d ] || { echo "The guest's /$d is not a directory" >&2; exit 125; }; done
mount -t proc -o ro,nosuid,nodev,noexec p2v-proc proc
for f in swaps mdstat partitions diskstats cmdline keys key-users; do
  if [ -e proc/$f ]; then mount --bind /dev/null proc/$f; fi
done
mount -t tmpfs -o nosuid,nodev,noexec,size=1m,mode=755 p2v-dev dev
for n in null zero full random urandom; do : > dev/$n; mount --bind /dev/$n dev/$n; done
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mkdir dev/shm dev/pts
mount -o remount,bind,ro,nosuid,nodev,noexec dev
mount -t tmpfs -o ro,nosuid,nodev,noexec,size=4k p2v-sys sys
for d in acpi bus driver fs ide scsi; do
  if [ -d proc/$d ]; then mount -t tmpfs -o ro,nosuid,nodev,noexec,size=4k p2v-none proc/$d; fi
done
mount --bind "$out" ".$inside"
mount -o remount,bind,nosuid,nodev ".$inside"
mount -t tmpfs -o nosuid,nodev,noexec,size=4k,mode=755 p2v-jail "$out"
mkdir "$out/guest"
mount -n --move . "$out/guest"
cd "$out"
mount -o remount,ro,nosuid,nodev,noexec .
mount -n --move . /
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,$CAPS \\
  prlimit --fsize=1073741824 --core=0 -- \\
  chroot guest /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TERM=dumb \\
  TMPDIR=/var/tmp FAKECHROOT=true DEBIAN_FRONTEND=noninteractive "$@"
`;

/** Needed to copy files with their owners, and for ldconfig's chroot. No mount, module, clock, network or raw device. */
const CAPS = [
  "chown",
  "dac_override",
  "dac_read_search",
  "fowner",
  "fsetid",
  "kill",
  "mknod",
  "setgid",
  "setuid",
  "sys_chroot",
];

/** When unshare ends, it kills its child, and with it every process of the namespace. */
export function sandboxed(
  copy: { readonly merged: string; readonly out: string; readonly inside: string },
  argv: readonly string[],
): readonly string[] {
  const script = ENTER.replace("$CAPS", CAPS.map((name) => `+${name}`).join(","));
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--net", "--uts", "--ipc"];
  const shell = ["--kill-child", "--", "sh", "-c", script, "sh", copy.merged, copy.out, copy.inside];
  return ["unshare", ...namespaces, ...shell, ...argv];
}
