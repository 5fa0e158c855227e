// SPDX-License-Identifier: Apache-2.0
// How the guest's own tool installs packages, in a copy of the guest without devices and network. Pure.
import type { DriverPackage } from "./package.ts";

/**
 * `uname -r` would print this machine's kernel: scripts get the guest's. Their depmod without a release would look for
 * ours; modules are listed again at the end.
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
 * dpkg(1) runs the packages' scripts; programs that make boot menus and initramfs are replaced by ones that do nothing.
 * Configuration files that a person changed stay.
 */
const DPKG = `DEBIAN_PRIORITY=critical UCF_FORCE_CONFFOLD=1 dpkg --force-confdef --force-confold -i "$@" || exit 1
`;

/**
 * rpm(8). A kernel is added to those installed (-i). Its scripts call, by full path, programs that would look at this
 * machine (new-kernel-pkg, kernel-install), so they are not run: later steps do their work. Scripts of module packages do
 * run (weak-modules links the modules for the kernels that accept them); rpm gives scripts a PATH of its own.
 */
const rpm = (kernels: number): string => `n=0 kernels= others=
for package; do
  n=$((n + 1))
  if [ $n -le ${kernels} ]; then kernels="$kernels $package"; else others="$others $package"; fi
done
if [ -n "$kernels" ]; then rpm -i --noscripts --notriggers $kernels || exit 1; fi
if [ -n "$others" ]; then rpm --define "_install_script_path $PATH" -U $others || exit 1; fi
`;

/** Modules are listed again for each kernel. */
const depmod = (releases: readonly string[]): string =>
  ["PATH=$usual\n", ...releases.map((release) => `depmod -a ${release} || exit 1\n`)].join("");

export type Installation = { readonly script: string; readonly packages: readonly DriverPackage[] };

/**
 * The script, and the packages in the order in which it takes them. `releases`: kernels whose modules are listed again,
 * safe as shell words; scripts see the first as the running kernel.
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
