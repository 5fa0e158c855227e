// SPDX-License-Identifier: Apache-2.0
// The libvirt domain of the boot check: the VM's own, on throw-away files, under another name, without a network. Pure.
import type { VmDisk, VmModel } from "../../core/index.ts";
import type { CheckDisk } from "./argv.ts";
import { domainOf, type Node, renderDomain, sourceOf } from "../define/libvirt.ts";
import { nicDevices } from "../define/qemu-devices.ts";

export type CheckDomain = {
  readonly vm: VmModel;
  readonly name: string;
  readonly uuid: string;
  readonly kvm: boolean;
  readonly disks: readonly CheckDisk[];
  /** Absolute on the host. */
  readonly serialFile: string;
  readonly varsFile: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
};

export function renderCheckDomain(check: CheckDomain): string {
  const { name, uuid, memoryBytes, vcpus, kvm } = check;
  const vm = { ...check.vm, name, uuid, memoryBytes, vcpus };
  const domain = domainOf(
    { ...vm, nics: [] },
    { directory: "", place: { kvm, networks: [], linkUp: false } },
  );
  const {
    console: _console,
    graphics: _graphics,
    interface: _interface,
    channel: _channel,
    ...devices
  } = domain.devices;
  const uefi = vm.firmware.kind === "uefi";
  return renderDomain({
    "@xmlns:qemu": "http://libvirt.org/schemas/domain/qemu/1.0",
    ...domain,
    os: { ...domain.os, ...(uefi ? { nvram: check.varsFile } : {}) },
    devices: {
      ...devices,
      disk: domain.devices.disk.map((disk, index) =>
        chain(disk, { check: check.disks[index], model: vm.disks[index] }),
      ),
      serial: { "@type": "file", source: { "@path": check.serialFile }, target: { "@port": "0" } },
    },
    // libvirt's own user network would let the guest out; QEMU's does not, when it is asked to.
    "qemu:commandline": { "qemu:arg": networkArguments(vm).map((word) => ({ "@value": word })) },
  });
}

/** libvirt counts its own devices up from slot 1, and QEMU makes these first: they take slots that are far away, behind the ports. */
const FIRST_SLOT = { pc: 0x10, q35: 0x14 };

function networkArguments(vm: VmModel): readonly string[] {
  const bus = vm.machine === "q35" ? "pcie.0" : "pci.0";
  // The disks stand on ports of libvirt.
  return nicDevices({ ...vm, disks: [] }).flatMap(({ port, device }, index) => [
    "-netdev",
    `user,id=net${index},restrict=on,net=10.0.${2 + index}.0/24`,
    ...(port === null ? [] : ["-device", port]),
    "-device",
    port === null ? `${device},bus=${bus},addr=0x${(FIRST_SLOT[vm.machine] + index).toString(16)}` : device,
  ]);
}

/** image <- probe's layer <- top, named here: libvirt then guesses no format, and follows no file's header. */
function chain(
  disk: Node,
  { check, model }: { check: CheckDisk | undefined; model: VmDisk | undefined },
): Node {
  if (check === undefined || model === undefined) throw new RangeError("A disk of the check has no files");
  const image: Node = {
    "@type": model.volume === undefined ? "file" : "block",
    format: { "@type": model.format },
    source: sourceOf(check.image, model),
    backingStore: {},
  };
  const below: Node =
    check.layer === null
      ? image
      : {
          "@type": "file",
          format: { "@type": "qcow2" },
          source: { "@file": check.layer },
          backingStore: image,
        };
  return {
    ...disk,
    "@type": "file",
    driver: { "@name": "qemu", "@type": "qcow2", "@cache": "unsafe" },
    source: { "@file": check.top },
    backingStore: below,
  };
}
