// SPDX-License-Identifier: Apache-2.0
// The guest's own tools that make an initramfs: how each is called, and which files go into its image. An open list; for a
// tool that is not in it, drivers are appended (append.ts).

export type Builder = {
  readonly tool: string;
  /**
   * A script for the guest's /bin/sh, run in a copy of the guest without devices. $1: directory for results, $2: kernel
   * release, $3: the initramfs's path in the guest, $4 and on: drivers. It leaves `initrd-$2` in $1. A line on stderr that
   * begins with `P2V: ` is for the user.
   */
  readonly script: string;
  /** What the tool puts into the image: a change here makes it stale. */
  readonly inputs: RegExp;
};

/** Configuration that goes into every kind of image. */
const COMMON =
  "etc/(crypttab|fstab|udev|systemd/network|modprobe\\.(d|conf)|mdadm(\\.conf)?|multipath|lvm)|lib/modules";
export const COMMON_INPUTS = new RegExp(`^(/usr)?/(${COMMON})(/|$)`);

const inputs = (own: string): RegExp => new RegExp(`^(/usr)?/(etc/(${own})|${COMMON})(/|$)`);

const BUILDERS: readonly Builder[] = [
  {
    // MODULES=dep asks which drivers *this* machine uses, so a copy of the configuration says MODULES=most; the guest's own
    // stays. All else, compression too, is the guest's choice.
    tool: "initramfs-tools",
    inputs: inputs("initramfs-tools"),
    script: `set -e
out=$1 kernel=$2
conf=$out/conf-$kernel
cp -a /etc/initramfs-tools "$conf"
for f in "$conf"/initramfs.conf "$conf"/conf.d/* /usr/share/initramfs-tools/conf.d/*; do
  if [ -f "$f" ]; then sed -i 's/^\\([[:space:]]*\\)MODULES=["'\\'']*dep["'\\'']*/\\1MODULES=most/' "$f"; fi
done
exec mkinitramfs -d "$conf" -o "$out/initrd-$kernel" "$kernel"
`,
  },
  {
    // dracut(8). The copy has no devices: an image for this host alone would have no drivers and no root. The guest's
    // version lists in its help what it knows (004 of RHEL 6 has --add-drivers; --no-hostonly came with 024,
    // --no-hostonly-cmdline with 038). A drop-in that breaks it (RHEL 8's network-legacy on 9) is left out at the second try.
    // An image for any host is several times as large, and dracut uses gzip -9 unless configured or pigz is installed: the
    // plan of a small guest took 33 s with it, and 12 s with -6.
    tool: "dracut",
    inputs: inputs("dracut\\.conf|dracut\\.conf\\.d"),
    script: `out=$1 kernel=$2
shift 3
drivers="$*"
help=$(dracut --help 2>&1 || :)
knows() { case "$help" in *"$1"*) return 0 ;; *) return 1 ;; esac; }
set -- -f
if [ -n "$drivers" ]; then set -- "$@" --add-drivers "$drivers"; fi
for option in --no-hostonly --no-hostonly-cmdline --no-hostonly-default-device; do
  if knows "$option"; then set -- "$@" "$option"; fi
done
if knows --compress && ! command -v pigz >/dev/null &&
  ! grep -qs '^[[:space:]]*compress=' /etc/dracut.conf /etc/dracut.conf.d/*.conf /usr/lib/dracut/dracut.conf.d/*.conf; then
  set -- "$@" --compress "gzip -n -6"
fi
if dracut "$@" "$out/initrd-$kernel" "$kernel"; then exit 0; fi
knows --confdir || exit 1
rm -f "$out/initrd-$kernel"
mkdir -p "$out/none"
: > "$out/none.conf"
dracut "$@" --conf "$out/none.conf" --confdir "$out/none" "$out/initrd-$kernel" "$kernel" || exit 1
echo "P2V: dracut failed with the configuration in /etc/dracut.conf and /etc/dracut.conf.d, and was run without it" >&2
`,
  },
  {
    // mkinitcpio(8). The hook autodetect would look at this machine: without it, hooks take all they may need. Drop-ins are
    // read only if no configuration is named, so they are joined here.
    tool: "mkinitcpio",
    inputs: inputs("mkinitcpio\\.conf|mkinitcpio\\.conf\\.d|mkinitcpio\\.d|initcpio"),
    script: `set -e
out=$1 kernel=$2
shift 3
conf=$out/conf-$kernel
cat /etc/mkinitcpio.conf > "$conf"
for f in /etc/mkinitcpio.conf.d/*.conf; do
  if [ -f "$f" ]; then echo >> "$conf"; cat "$f" >> "$conf"; fi
done
printf '\\nMODULES+=(%s)\\n' "$*" >> "$conf"
mkinitcpio -c "$conf" -S autodetect -k "$kernel" -g "$out/initrd-$kernel"
`,
  },
  {
    // mkinitfs(8) of Alpine takes files by feature, and the step below puts "virtio" among the features.
    tool: "mkinitfs",
    inputs: inputs("mkinitfs"),
    script: `set -e
mkinitfs -o "$1/initrd-$2" "$2"
`,
  },
  {
    // booster(1): "universal" takes all modules that a root may need, those of VMs among them.
    tool: "booster",
    inputs: inputs("booster\\.yaml"),
    script: `set -e
booster build --universal --force --kernel-version "$2" "$1/initrd-$2"
`,
  },
  {
    // Two programs of one name. Red Hat's, up to RHEL 5 (mkinitrd(8)): --with for each driver. RHEL 4's looks for LVM where
    // the copy has no devices, and takes the word of root_lvm (virt-v2v found that). SUSE's, up to SLES 11: works on /boot.
    tool: "mkinitrd",
    inputs: inputs("sysconfig/(kernel|mkinitrd)|modules\\.conf"),
    script: `set -e
out=$1 kernel=$2 image=$3
shift 3
if [ -d /lib/mkinitrd/scripts ]; then
  boot=\${image%/*} name=initrd-p2v-$kernel
  for vmlinuz in "$boot/vmlinuz-$kernel" "$boot/vmlinux-$kernel"; do if [ -f "$vmlinuz" ]; then break; fi; done
  mkinitrd -k "\${vmlinuz##*/}" -i "$name" -m "$*"
  mv "$boot/$name" "$out/initrd-$kernel"
else
  with=
  for driver; do with="$with --with=$driver"; done
  if grep -q '^/dev/[^ 	]*[ 	]*/[ 	]' /etc/fstab && grep -q '^/dev/\\(mapper\\|Vol\\)[^ 	]*[ 	]*/[ 	]' /etc/fstab; then
    root_lvm=1; export root_lvm
  fi
  mkinitrd -f $with "$out/initrd-$kernel" "$kernel"
fi
`,
  },
];

/** null: we do not know how to run that tool. */
export function findBuilder(tool: string): Builder | null {
  return BUILDERS.find((builder) => builder.tool === tool) ?? null;
}
