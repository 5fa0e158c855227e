// SPDX-License-Identifier: Apache-2.0
// How the guest's own tool is told to install packages, in a copy of the guest without devices and network. Pure.
import type { DriverPackage } from "./package.ts";

/**
 * `uname -r` tells this machine's kernel, which is none of the guest's: scripts get the guest's. A depmod of theirs without a
 * release would look for ours; modules are listed anew at the end.
 */
const head = (release: string): string => `out=$1 usual=$PATH
shift
cat > "$out/bin/uname" <<'END'
#!/bin/sh
if [ "$*" = -r ]; then echo ${release}; exit 0; fi
PATH=\${PATH#*:}
exec uname "$@"
END
chmod 755 "$out/bin/uname"
PATH=$out/bin:$PATH
export PATH
`;

/**
 * dpkg(1) runs the packages' scripts, with those programs idle that make boot menus and initramfs. Files of the
 * configuration that a person changed stay.
 */
const DPKG = `DEBIAN_PRIORITY=critical UCF_FORCE_CONFFOLD=1 dpkg --force-confdef --force-confold -i "$@" || exit 1
`;

/**
 * rpm(8). A kernel is added to those that are there (-i); its scripts call programs by their whole paths that would look at
 * this machine (new-kernel-pkg, kernel-install), so they are not run: later steps do what they would. Packages of modules
 * are installed with theirs (weak-modules links them for the kernels that take them); rpm gives scripts a PATH of its own.
 */
const rpm = (kernels: number): string => `n=0 kernels= others=
for package; do
  n=$((n + 1))
  if [ $n -le ${kernels} ]; then kernels="$kernels $package"; else others="$others $package"; fi
done
if [ -n "$kernels" ]; then rpm -i --noscripts --notriggers $kernels || exit 1; fi
if [ -n "$others" ]; then rpm --define "_install_script_path $PATH" -U $others || exit 1; fi
`;

/** Modules are listed anew for each kernel. */
const depmod = (releases: readonly string[]): string =>
  ["PATH=$usual\n", ...releases.map((release) => `depmod -a ${release} || exit 1\n`)].join("");

export type Installation = { readonly script: string; readonly packages: readonly DriverPackage[] };

/**
 * The script, and the packages in the order in which it takes them. `releases`: kernels whose modules are listed anew, safe
 * as words; the first is what scripts are told to run on.
 */
export function installation(
  packages: readonly DriverPackage[],
  { releases }: { releases: readonly string[] },
): Installation {
  const kernels = packages.filter(isKernel);
  const others = packages.filter((candidate) => !isKernel(candidate));
  const own = packages.every(({ kind }) => kind === "deb") ? DPKG : rpm(kernels.length);
  return {
    packages: [...kernels, ...others],
    script: `${head(releases[0] ?? "")}${own}${releases.length === 0 ? "" : depmod(releases)}`,
  };
}

/** `kernel`, `kernel-core`, `kernel-modules`, `kernel-default`: several may be installed side by side. */
const isKernel = ({ name, kernels }: DriverPackage): boolean =>
  kernels.length > 0 || /^kernel(?:-|$)/.test(name);

export const IDLE_PROGRAMS = [
  "depmod",
  "update-initramfs",
  "mkinitramfs",
  "mkinitramfs-kpkg",
  "mkinitrd",
  "mkinitrd.yaird",
  "dracut",
  "update-grub",
  "update-grub2",
  "grub-mkconfig",
  "grub2-mkconfig",
  "grub-install",
  "grubby",
  "update-bootloader",
  "kernel-install",
  "bootctl",
  "extlinux-update",
  "u-boot-update",
  "lilo",
  "zipl",
] as const;
