// SPDX-License-Identifier: Apache-2.0
// What a kernel has to do with Xen: in which domains it starts, and whether it starts anywhere else. Pure.
import type { Kernel } from "../../core/index.ts";

export type XenAbilities = Partial<Pick<Kernel, "xen" | "xenOnly">>;

/** `config`: lines of the kernel's configuration; none where it is not there. */
export function xenAbilities(version: string, config: ReadonlySet<string>): XenAbilities {
  const tells = config.has("CONFIG_XEN=y") || config.has("# CONFIG_XEN is not set");
  const only = tells ? FOR_XEN_ALONE.some((line) => config.has(line)) : isNamedForXen(version);
  if (only) return { xen: ["pv"], xenOnly: true };
  return tells ? { xen: xenTypes(config) } : {};
}

/**
 * The port of Xen's own 2.6.18 tree, which Red Hat and SUSE carried forward, makes an architecture of its own of Xen:
 * it has no entry for a machine. What Linux itself has since 2.6.23 (pv_ops) starts everywhere.
 */
const FOR_XEN_ALONE = ["CONFIG_X86_XEN=y", "CONFIG_X86_64_XEN=y"];

/**
 * `2.6.18-398.el5xen`, `2.6.9-89.ELxenU`, `3.0.101-0.47-xen` of SLES 11, `3.12.74-60-xen` of SLES 12 SP1, `2.6.26-2-xen-amd64`
 * of Debian 5. Debian 6 has pv_ops under the same name (2.6.32), and so have kernels of 4.4 and newer.
 */
function isNamedForXen(version: string): boolean {
  const [, major = "", minor = "", patch = ""] = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?/.exec(version) ?? [];
  const number = Number(major) * 1e6 + Number(minor) * 1e3 + Math.min(Number(patch), 999);
  if (/-xen-(?:amd64|686)$/.test(version)) return number < 2_006_032;
  return /xen[0U]?$/.test(version) && number < 4_004_000;
}

/** PVH came with Linux 4.11 (XEN_PVH; PVH since 4.20). Before 4.12 there was no XEN_PV, and XEN meant it. */
function xenTypes(config: ReadonlySet<string>): readonly ("pv" | "pvh")[] {
  const isPvh = config.has("CONFIG_PVH=y") || config.has("CONFIG_XEN_PVH=y");
  const isOld = !config.has("CONFIG_XEN_PV=y") && !config.has("# CONFIG_XEN_PV is not set");
  return [
    ...(isPvh ? (["pvh"] as const) : []),
    ...(config.has("CONFIG_XEN_PV=y") || (isOld && config.has("CONFIG_XEN=y")) ? (["pv"] as const) : []),
  ];
}
