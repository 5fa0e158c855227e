// SPDX-License-Identifier: Apache-2.0
// QEMU arguments that the script for people and the boot check share. Pure.
import type { VmDisk, VmModel } from "../../core/index.ts";

/** How a disk is attached; q35 has no IDE controller, pc no SATA one. */
export type DiskBus = "virtio" | "sata" | "ide";

export function diskBus(disk: VmDisk, machine: VmModel["machine"]): DiskBus {
  if (disk.bus === "virtio") return "virtio";
  return machine === "q35" ? "sata" : "ide";
}

/** Bootindex by disk: the boot disk is 1, the others follow in disk order. */
export function bootOrder(disks: readonly VmDisk[]): readonly number[] {
  let next = 2;
  return disks.map((disk) => (disk.boot ? 1 : next++));
}

/**
 * The `-device` of each disk and its port; `drive` names the block node or drive of disk `index`. libvirt gives each device of
 * virtio on q35 a PCI Express port, so this does: there it offers virtio 1.0 alone, and an old kernel does not see it.
 */
export function diskDevices(vm: VmModel, drive: (index: number) => string): readonly string[] {
  const order = bootOrder(vm.disks);
  return vm.disks.flatMap((disk, index) => {
    const bus = diskBus(disk, vm.machine);
    const port = bus === "virtio" ? portOf(vm, index) : null;
    const head =
      bus === "virtio"
        ? `virtio-blk-pci${port === null ? "" : `,bus=${port.id}`}`
        : bus === "sata"
          ? `ide-hd,bus=ide.${index}`
          : `ide-hd,bus=ide.${index >> 1},unit=${index & 1}`;
    const sector = disk.sectorBytes === 4096 ? ",logical_block_size=4096,physical_block_size=4096" : "";
    const device = `${head},drive=${drive(index)},bootindex=${order[index]}${sector}`;
    return port === null ? [device] : [port.device, device];
  });
}

export type NicDevices = {
  /** Its port, where it has one; stands before it. */
  readonly port: string | null;
  readonly device: string;
};

/** The `-device` of each NIC; it hangs on `-netdev user,id=net0`, `net1` ... */
export function nicDevices(vm: VmModel): readonly NicDevices[] {
  return vm.nics.map(({ mac, model }, index) => {
    const port = model === "virtio" ? portOf(vm, vm.disks.length + index) : null;
    const head = `${model === "virtio" ? "virtio-net-pci" : "e1000"}${port === null ? "" : `,bus=${port.id}`}`;
    return { port: port?.device ?? null, device: `${head},netdev=net${index},mac=${mac}` };
  });
}

/** libvirt and QEMU count their own devices up from slot 1, and the last slot is the chipset's: ports stand between. */
const FIRST_SLOT = 0x10;
const FUNCTIONS = 8;
/** Slots 0x10 to 0x13; what is above stands on the bus itself. */
const MAX_PORTS = 4 * FUNCTIONS;

/** A PCI Express port of its own; null: the VM has none, and devices of virtio offer the old kind too. */
function portOf({ machine, virtio }: VmModel, index: number): { id: string; device: string } | null {
  if (machine !== "q35" || virtio === "transitional" || index >= MAX_PORTS) return null;
  const id = `p2vport${index}`;
  const slot = (FIRST_SLOT + Math.floor(index / FUNCTIONS)).toString(16);
  const functionNumber = index % FUNCTIONS;
  const multi = functionNumber === 0 ? ",multifunction=on" : "";
  // Chassis numbers below are libvirt's.
  const device = `pcie-root-port,id=${id},bus=pcie.0,chassis=${100 + index},addr=0x${slot}.${functionNumber}${multi}`;
  return { id, device };
}

/** `-machine`, and what Secure Boot needs: SMM guards the variables. */
export function machineArguments(vm: VmModel, extra = ""): readonly (readonly string[])[] {
  const secure = vm.firmware.kind === "uefi" && vm.firmware.secureBoot;
  if (!secure) return [["-machine", `${vm.machine}${extra}`]];
  return [
    ["-machine", `q35,smm=on${extra}`],
    ["-global", "driver=cfi.pflash01,property=secure,value=on"],
    ["-global", "ICH9-LPC.disable_s3=1"],
  ];
}
