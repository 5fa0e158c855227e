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

/** The `-device` of each disk; `drive` names the block node or drive of disk `index`. */
export function diskDevices(vm: VmModel, drive: (index: number) => string): readonly string[] {
  const order = bootOrder(vm.disks);
  return vm.disks.map((disk, index) => {
    const bus = diskBus(disk, vm.machine);
    const head =
      bus === "virtio"
        ? "virtio-blk-pci"
        : bus === "sata"
          ? `ide-hd,bus=ide.${index}`
          : `ide-hd,bus=ide.${index >> 1},unit=${index & 1}`;
    const sector = disk.sectorBytes === 4096 ? ",logical_block_size=4096,physical_block_size=4096" : "";
    return `${head},drive=${drive(index)},bootindex=${order[index]}${sector}`;
  });
}

/** The `-device` of each NIC; it hangs on `-netdev user,id=net0`, `net1` ... */
export function nicDevices(vm: VmModel): readonly string[] {
  return vm.nics.map(
    ({ mac, model }, index) =>
      `${model === "virtio" ? "virtio-net-pci" : "e1000"},netdev=net${index},mac=${mac}`,
  );
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
