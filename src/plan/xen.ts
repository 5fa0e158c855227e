// SPDX-License-Identifier: Apache-2.0
// How Xen boots a guest: what its kernels were built for, what the host offers, and who reads the boot disk. Pure.
import {
  type BlockGraph,
  findNode,
  type GuestOS,
  makeProblem,
  named,
  onlyBelow,
  type Problem,
  type VmXen,
  type XenFacts,
} from "../core/index.ts";

/** What of a guest decides it. */
export type XenGuest = Pick<GuestOS, "family" | "id" | "version" | "root"> & {
  readonly mounts: readonly Pick<GuestOS["mounts"][number], "path" | "node">[];
  readonly kernels: readonly Pick<GuestOS["kernels"][number], "bootable" | "has" | "xen" | "xenOnly">[];
};

const HVM: VmXen = { type: "hvm", loader: "firmware" };

/** For a host nobody has asked: PV, which needs nothing of its CPU, by GRUB inside the domain. */
export function xenAnywhere(guest: XenGuest | null): VmXen {
  return guestTypes(guest).includes("pv") ? { type: "pv", loader: "pvgrub" } : HVM;
}

/**
 * PVH before PV before HVM, as far as the guest and the host know them; a way that reads the guest's own boot menu comes
 * before one that needs its kernel beside the images.
 */
export function xenOn(
  xen: Pick<XenFacts, "types" | "pvgrub" | "pvhgrub" | "pygrub">,
  { guest, storage }: { guest: XenGuest | null; storage: BlockGraph },
): VmXen {
  const types = guestTypes(guest).filter((type) => xen.types.includes(type));
  const ways = types.map((type): VmXen => {
    const grub = type === "pvh" ? xen.pvhgrub : xen.pvgrub;
    if (grub !== null) return { type, loader: "pvgrub" };
    if (xen.pygrub !== null && pygrubReads(guest, storage)) return { type, loader: "pygrub" };
    return { type, loader: "kernel" };
  });
  return ways.find(({ loader }) => loader !== "kernel") ?? ways[0] ?? HVM;
}

export function xenProblems({ type, loader }: VmXen, xen: Pick<XenFacts, "types">): readonly Problem[] {
  if (!xen.types.includes(type))
    return [
      makeProblem("host-xen-type", {
        about: named("hypervisor", "xen"),
        text: `The guest needs a Xen domain of type ${type}, and this host runs ${xen.types.join(", ") || "none"}`,
        advice: "Choose a Xen host with hardware virtualization, or a host with libvirt",
      }),
    ];
  if (loader !== "kernel") return [];
  return [
    makeProblem("host-xen-kernel", {
      about: named("hypervisor", "xen"),
      text: "Nothing on this host can read the guest's boot disk, so its kernel is put beside the images",
      advice: "A new kernel of the guest must be copied there by hand; or install grub-xen-host on the host",
    }),
  ];
}

/** Every bootable kernel must know it: a person may choose any of them in the menu. */
function guestTypes(guest: XenGuest | null): readonly ("pvh" | "pv")[] {
  const kernels = guest?.kernels.filter(({ bootable }) => bootable) ?? [];
  if (guest === null || kernels.length === 0) return [];
  return (["pvh", "pv"] as const).filter((type) =>
    kernels.every(({ has, xen, xenOnly }) => {
      if (xenOnly === true) return type === "pv"; // RHEL 5's calls its driver xenblk
      const front = has["xen-blkfront"];
      if (front === undefined || front === "absent") return false;
      if (type === "pv" && withoutPv(guest)) return false;
      return xen === undefined ? type === "pv" : xen.includes(type);
    }),
  );
}

/** RHEL 7 took PV out of its kernels, and left the symbol that meant it (its 3.10 has no XEN_PV). */
function withoutPv({ family, id, version }: XenGuest): boolean {
  return family === "redhat" && !["fedora", "amzn"].includes(id) && Number.parseInt(version, 10) >= 7;
}

/** Its reader (libxenfsimage) knows partitions with ext2, ext3, ext4 and FAT; no XFS of today, no LVM, no RAID. */
function pygrubReads(guest: XenGuest | null, graph: BlockGraph): boolean {
  const boot = guest?.mounts.find(({ path }) => path === "/boot")?.node ?? guest?.root;
  const node = boot === undefined ? null : findNode(graph, boot);
  if (node?.holds.kind !== "filesystem" || !/^(?:ext[234]|vfat)$/.test(node.holds.type)) return false;
  const partition = onlyBelow(graph, node.id);
  const disk = partition?.holds.kind === "partition" ? onlyBelow(graph, partition.id) : null;
  return disk?.holds.kind === "disk";
}
