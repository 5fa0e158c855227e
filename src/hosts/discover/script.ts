// SPDX-License-Identifier: Apache-2.0
// The one script that asks a host what it is. It only reads, and needs no more than a POSIX shell.

/** Of one section; a host with a thousand VMs prints less. */
const MAX_SECTION_BYTES = 2 * 2 ** 20;
/** More VMs, pools or networks than these are not looked at. */
export const MAX_ASKED = 500;

const HEAD = `head -n ${MAX_ASKED}`;

// Every entry is a whole command: they become one line, since some login shells change newlines in an argument.
// `s NAME COMMAND...` prints a section: its mark, what the command says on both streams, and how it ended.
const LINES: readonly string[] = [
  "m=$1",
  "shift",
  "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin",
  "LC_ALL=C",
  "export PATH LC_ALL",
  `s() { printf '\\n%s %s\\n' "$m" "$1"; shift; { "$@" 2>&1 </dev/null; printf '\\n%s= %s\\n' "$m" "$?"; } | head -c ${MAX_SECTION_BYTES}; }`,
  'has() { command -v "$1" >/dev/null 2>&1; }',
  'has timeout || timeout() { shift; "$@"; }',
  'S=; [ "$(id -u)" = 0 ] || { has sudo && S="sudo -n"; }',

  "s clock date +%s",
  "s uname uname -s -m",
  "s os cat /etc/os-release",
  "s id id",
  "s cpus grep -c ^processor /proc/cpuinfo",
  "s cpuinfo sed -n '/^$/q;p' /proc/cpuinfo",
  "s meminfo head -n 5 /proc/meminfo",
  "s kvm sh -c '[ -r /dev/kvm ] && [ -w /dev/kvm ]'",
  "programs() { for p in xl virsh libvirtd virtqemud pveversion qm pvesm qemu-system-x86_64 qemu-img vgs zpool ovs-vsctl; do command -v $p; done; [ ! -x /usr/libexec/qemu-kvm ] || echo /usr/libexec/qemu-kvm; }",
  "s programs programs",
  "qemu() { for p in qemu-system-x86_64 /usr/libexec/qemu-kvm; do if has $p; then command -v $p; timeout 20 $p --version; return; fi; done; return 1; }",
  "s qemu qemu",
  "firmware() { ls -d /usr/share/OVMF/*.fd /usr/share/edk2/*/*.fd /usr/share/qemu/ovmf-*.bin 2>/dev/null; true; }",
  "s firmware firmware",

  "s xen-caps cat /proc/xen/capabilities",
  `if has xl; then s xl-info timeout 20 $S xl info; s xl-list timeout 30 $S xl list -l; fi`,
  "xenfiles() { ls -d /usr/lib/grub-xen/*.bin /usr/lib/xen*/boot/* /usr/libexec/xen/boot/* /usr/share/xen*/ovmf* /usr/share/ovmf/OVMF.fd /usr/lib/xen*/bin/pygrub /usr/libexec/xen/bin/pygrub /usr/bin/pygrub 2>/dev/null; true; }",
  "s xen-files xenfiles",

  "U=${LIBVIRT_DEFAULT_URI:-qemu:///system}",
  'V="timeout 30 virsh -q -c $U"',
  // A group that may use libvirt needs no sudo; where it may not, sudo is tried.
  'if has virsh; then s virsh-uri echo "$U"; s virsh-version $V version --daemon; if ! $V version >/dev/null 2>&1 </dev/null && [ -n "$S" ]; then V="$S virsh -q -c $U"; s virsh-sudo timeout 20 $V version --daemon; fi; fi',
  `each() { c=$2; w=; for u in $($V $1 --all --uuid 2>/dev/null </dev/null | ${HEAD}); do w="$w$(printf "$c" $u $u $u $u);"; done; [ -z "$w" ] || $V "$w"; }`,
  "if has virsh && $V version >/dev/null 2>&1 </dev/null; then s virsh-domains each list 'echo =%s; domname %s; domstate %s; domiflist %s'; s virsh-pools each pool-list 'pool-dumpxml %.36s%.0s%.0s%.0s'; s virsh-active-pools $V pool-list --name; s virsh-networks each net-list 'net-dumpxml %.36s%.0s%.0s%.0s'; s virsh-active-networks $V net-list --name; for k in kvm qemu; do s virsh-$k $V domcapabilities --virttype $k --machine q35; done; s virsh-pc $V domcapabilities --machine pc; fi",

  "if has pveversion; then s pve-version timeout 20 pveversion; s pve-storage timeout 30 $S pvesm status; s pve-vms sh -c 'grep -E \"^(name|net[0-9]+|smbios1):|^\\[\" /etc/pve/qemu-server/*.conf /dev/null'; s pve-list timeout 30 $S qm list; fi",

  'dirs() { for d in "$@" /var/lib/libvirt/images /var/lib/xen/images /var/lib/vz /srv/vms /vms; do [ -d "$d" ] || continue; if [ -w "$d" ]; then echo "w $d"; else echo "r $d"; fi; df -Pk -- "$d" | tail -n 1; done; }',
  's dirs dirs "$@"',
  "if has vgs; then s vgs timeout 20 $S vgs --noheadings --units b --nosuffix --separator '|' -o vg_name,vg_size,vg_free; fi",
  "if has zpool; then s zpool timeout 20 zpool list -Hp -o name,size,free,health; fi",
  'bridges() { for b in /sys/class/net/*/bridge; do [ -d "$b" ] || continue; b=${b%/bridge}; echo "$(cat "$b/operstate" 2>/dev/null || echo unknown) ${b##*/}"; done; }',
  "s bridges bridges",
  "if has ovs-vsctl; then s ovs timeout 20 $S ovs-vsctl list-br; fi",
  `printf '\\n%s end\\n' "$m"`,
];

/** `sh -c DISCOVER sh MARK [DIRECTORY]...`; each directory is measured too. */
export const DISCOVER: string = LINES.join("; ");
