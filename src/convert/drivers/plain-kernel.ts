// SPDX-License-Identifier: Apache-2.0
// Kernels that start under Xen only, and the package with a plain one of the same distribution. Pure.
import type { GuestOS, Intent, Kernel } from "../../core/index.ts";

export const isForXenOnly = (
  { xenOnly }: Pick<Kernel, "xenOnly">,
  { hypervisor }: Pick<Intent, "hypervisor">,
): boolean => xenOnly === true && hypervisor !== "xen";

/** Its package, with virtio where its distribution ever had it. */
export function plainKernel({ family, version, arch }: Pick<GuestOS, "family" | "version" | "arch">): string {
  const major = Number.parseInt(version, 10);
  if (family === "redhat") return arch === "i686" && major >= 5 ? "kernel-PAE or kernel" : "kernel";
  if (family === "suse")
    return arch === "i686"
      ? "kernel-pae or kernel-default"
      : major <= 10
        ? "kernel-smp or kernel-default"
        : "kernel-default";
  if (family === "debian") return `linux-image-${arch === "x86_64" ? "amd64" : "686"}`;
  return "the distribution's usual kernel";
}
