// SPDX-License-Identifier: Apache-2.0
// The name of the package that would give a kernel its drivers, for the person who must find it. Pure.
import type { GuestOS } from "../../core/index.ts";

type Guest = Pick<GuestOS, "family" | "id" | "version" | "arch">;

/**
 * Since when a distribution's own kernel has virtio. RHEL: "KVM para-virtualized drivers ... 3.9, 4.8, 5.3 and newer" (its
 * virtualization guide, chapter 11), with the kernels of these updates; others: "2.6.27 or newer" (the same place).
 */
const KERNELS: Readonly<Record<string, readonly [kernel: string, since: string]>> = {
  "redhat 3": ["2.4.21-60.EL", "3.9"],
  "redhat 4": ["2.6.9-89.EL", "4.8"],
  "redhat 5": ["2.6.18-128.el5", "5.3"],
};

/** `kmod-virtio built for 2.6.18-53.el5 (x86_64.rpm), or kernel 2.6.18-128.el5 or newer (...)`. */
export function wantedPackage(
  { family, id, version, arch }: Guest,
  { kernel, modules, xen }: { kernel: string; modules: readonly string[]; xen: boolean },
): string {
  const major = version.split(".")[0] ?? "";
  const brings = `with ${modules.join(", ")}`;
  if (family === "redhat") {
    const ending = `${arch === "i686" ? "i686" : arch}.rpm`;
    const kmod = xen ? "kmod-xenpv" : "kmod-virtio";
    const known = ["fedora", "amzn"].includes(id) ? undefined : KERNELS[`redhat ${major}`];
    const flavour = /(?:xen|PAE|smp|hugemem|largesmp)$/.exec(kernel)?.[0] ?? "";
    const name = flavour === "" ? "kernel" : `kernel-${flavour}`;
    const newer =
      known === undefined
        ? `${name}-*.${ending} ${brings}`
        : `${name}-${known[0]}.${ending} or newer (of ${id} ${known[1]})`;
    return `${kmod}-*.${ending} built for ${kernel}, or ${newer}`;
  }
  if (family === "suse") {
    const flavour = /-([a-z]+)$/.exec(kernel)?.[1] ?? "default";
    return `a KMP (*-kmp-${flavour}-*.${arch === "i686" ? "i586" : arch}.rpm) ${brings}, built for ${kernel}; or kernel-${flavour} 2.6.27 or newer`;
  }
  if (family === "debian") {
    const machine = arch === "x86_64" ? "amd64" : arch === "i686" ? "i386" : arch;
    return `linux-image-*_${machine}.deb ${brings}: 2.6.26 or newer; or a package with these modules in /lib/modules/${kernel}`;
  }
  return `a kernel ${brings}`;
}
