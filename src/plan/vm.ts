// SPDX-License-Identifier: Apache-2.0
// The virtual machine of an Intent.
import { createHash } from "node:crypto";
import {
  type BlockGraph,
  bootDiskOf,
  devicesFor,
  type GuestOS,
  type HostFacts,
  type Hypervisor,
  type Intent,
  type VmDevices,
  type VmModel,
} from "../core/index.ts";
import { xenAnywhere, type XenGuest, xenOn } from "./xen.ts";

/** The VM for this intent; drivers of the guest decide the buses, its distribution the machine and CPU level. */
export function makeVm(intent: Intent, guest: GuestOS | null): VmModel {
  const { diskBus, nicModel, ...devices } = devicesFor(guest);
  return {
    name: intent.name,
    uuid: uuidOf(intent),
    memoryBytes: intent.memoryBytes,
    vcpus: intent.vcpus,
    arch: guest?.arch ?? "x86_64",
    cpuLevel: cpuLevelOf(guest),
    firmware: intent.firmware,
    ...(intent.bootEntries === undefined ? {} : { bootEntries: intent.bootEntries }),
    ...machineFor(devices, { isVirtio: diskBus === "virtio", firmware: intent.firmware }),
    clock: intent.clock,
    osinfo: osinfoOf(guest),
    disks: intent.disks.map((disk, index) => ({
      ...volumeOf(intent, index),
      file: imageFile(intent.name, disk.number, intent.format),
      format: intent.format,
      sizeBytes: disk.sizeBytes,
      bus: diskBus,
      boot: disk.number === bootDiskOf(intent, guest),
      sectorBytes: disk.sectorBytes === 4096 ? 4096 : 512,
    })),
    nics: intent.nics.map(({ name, mac }) => ({ name, mac, model: nicModel })),
    xen: xenAnywhere(guest),
    ...(intent.withSteps?.includes("guest-agent") === true ? { guestAgent: true } : {}),
  };
}

/**
 * What knows virtio of the old kind only gets the machine that it was made for, where every device offers both. UEFI stays
 * on q35, since not every host has it for pc.
 */
function machineFor(
  { machine, legacyVirtio }: Pick<VmDevices, "machine" | "legacyVirtio">,
  { isVirtio, firmware }: { isVirtio: boolean; firmware: VmModel["firmware"] },
): Pick<VmModel, "machine" | "virtio"> {
  if (!legacyVirtio || machine === "pc") return { machine };
  if (isVirtio && firmware.kind === "bios") return { machine: "pc" };
  return { machine, virtio: "transitional" };
}

/** As this host runs it. */
export function vmOnHost(
  vm: VmModel,
  {
    hypervisor,
    facts,
    ...found
  }: {
    readonly hypervisor: Hypervisor;
    readonly facts: HostFacts | null;
    readonly guest: XenGuest | null;
    readonly storage: BlockGraph;
  },
): VmModel {
  if (hypervisor === "xen" && facts?.xen?.usable === true) return { ...vm, xen: xenOn(facts.xen, found) };
  return hypervisor === "libvirt" && facts?.libvirt?.withoutPc === true ? withoutPc(vm) : vm;
}

/** Devices of virtio show their old kind on q35 too. Emulated disks of `pc` do not. */
function withoutPc(vm: VmModel): VmModel {
  const isVirtio = vm.disks.every(({ bus }) => bus === "virtio");
  return vm.machine === "pc" && isVirtio ? { ...vm, machine: "q35", virtio: "transitional" } : vm;
}

function volumeOf({ volumes }: Intent, index: number): { volume?: string } {
  const volume = volumes[index];
  return volume === undefined ? {} : { volume };
}

/** `web-1.img`: disk order is in the name. */
export function imageFile(name: string, number: number, format: Intent["format"]): string {
  return `${name}-${number}.${format === "raw" ? "img" : "qcow2"}`;
}

/** The same source and name give the same VM, so that a second run defines the same one. */
function uuidOf(intent: Intent): string {
  const uuids = intent.storage.nodes.flatMap(({ holds }) =>
    holds.kind === "filesystem" ? [holds.uuid] : [],
  );
  const hash = createHash("sha256")
    .update(JSON.stringify([intent.name, uuids]))
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80; // version 8: vendor's own (RFC 9562)
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex").slice(0, 32);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const major = (guest: GuestOS): number => Number.parseInt(guest.version, 10) || 0;

/** RHEL 9 and relatives are built for x86-64-v2, RHEL 10 for v3; all others here for the base level. */
function cpuLevelOf(guest: GuestOS | null): VmModel["cpuLevel"] {
  if (guest === null || guest.family !== "redhat" || ["fedora", "amzn"].includes(guest.id)) return 1;
  return major(guest) >= 10 ? 3 : major(guest) === 9 ? 2 : 1;
}

/** Ids of osinfo-db, where the version decides alone. */
function osinfoOf(guest: GuestOS | null): string | null {
  if (guest === null) return null;
  switch (guest.id) {
    case "debian":
      return major(guest) === 0 ? null : `http://debian.org/debian/${major(guest)}`;
    case "ubuntu":
      return `http://ubuntu.com/ubuntu/${guest.version}`;
    case "rhel":
      return `http://redhat.com/rhel/${guest.version}`;
    case "fedora":
      return `http://fedoraproject.org/fedora/${major(guest)}`;
    default:
      return null;
  }
}
