// SPDX-License-Identifier: Apache-2.0
// Which devices a guest's kernels have drivers for: paravirtual ones, else those that QEMU and Xen emulate. Pure.
import type { GuestOS } from "../guest.ts";
import type { VmDisk, VmModel, VmNic } from "../vm.ts";

export type VmDevices = {
  readonly machine: VmModel["machine"];
  readonly diskBus: VmDisk["bus"];
  readonly nicModel: VmNic["model"];
  /** A kernel that is offered has virtio of the old kind only. */
  readonly legacyVirtio: boolean;
};

/** By what a boot menu offers; all kernels where none is offered. null: an unknown system, taken for a new one. */
export function devicesFor(guest: Pick<GuestOS, "kernels"> | null): VmDevices {
  if (guest === null) return { machine: "q35", diskBus: "virtio", nicModel: "virtio", legacyVirtio: false };
  const bootable = guest.kernels.filter((kernel) => kernel.bootable);
  const offered = bootable.length > 0 ? bootable : guest.kernels;
  const elsewhere = offered.filter(({ xenOnly }) => xenOnly !== true);
  const kernels = elsewhere.length > 0 ? elsewhere : offered;
  const any = (...drivers: readonly string[]): boolean =>
    kernels.some(({ has }) => drivers.every((name) => has[name] !== undefined && has[name] !== "absent"));
  const machine = isOld(guest) ? "pc" : "q35";
  const emulated = machine === "pc" ? "ide" : "sata";
  return {
    machine,
    diskBus: any("virtio_pci", "virtio_blk") ? "virtio" : emulated,
    nicModel: any("virtio_pci", "virtio_net") ? "virtio" : "e1000",
    legacyVirtio: kernels.some(
      ({ has, virtioLegacy }) => virtioLegacy === true && (has["virtio_pci"] ?? "absent") !== "absent",
    ),
  };
}

/** Before about 2007 no distribution knew PCI Express machines well (virt-v2v draws the line there too). */
function isOld({ kernels }: Pick<GuestOS, "kernels">): boolean {
  const release = kernels.map(({ version }) => /^2\.(?:4|6\.(\d+))/.exec(version));
  return release.length > 0 && release.every((match) => match !== null && Number(match[1] ?? 0) < 26);
}
