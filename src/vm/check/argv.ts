// SPDX-License-Identifier: Apache-2.0
// The command that starts a VM for the boot check: images read-only, writes into a throw-away file. Pure.
import type { VmDisk, VmModel } from "../../core/index.ts";
import type { FirmwareFiles } from "../define/firmware.ts";
import { diskDevices, machineArguments, nicDevices } from "../define/qemu-devices.ts";

export type Accelerator = "kvm" | "tcg";

/** Absolute paths on the host. */
export type CheckDisk = {
  readonly image: string;
  /** What the probe changed, as qcow2; null for a disk without changes. */
  readonly layer: string | null;
  /** An empty qcow2 file that takes all writes. */
  readonly top: string;
};

export type CheckVm = {
  readonly qemu: string;
  readonly vm: VmModel;
  readonly accelerator: Accelerator;
  readonly disks: readonly CheckDisk[];
  /** `vars` is a copy that may be written. */
  readonly firmware: FirmwareFiles | null;
  readonly serialFile: string;
  readonly pidFile: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
};

export function renderCheckArgv(check: CheckVm): readonly string[] {
  const { vm, accelerator } = check;
  const tcg = accelerator === "tcg";
  const parts: readonly (readonly string[])[] = [
    [check.qemu, "-no-user-config", "-nodefaults", "-no-shutdown", "-name", "p2v-check"],
    // graphics=off: SeaBIOS then also prints on the serial port what it and the boot loader print on the screen.
    ...machineArguments(vm, ",graphics=off"),
    ["-accel", tcg ? "tcg,thread=multi" : "kvm"],
    // 5-level paging: slow under TCG, and some kernels and firmware fail with it there (RHBZ 2082806).
    ["-cpu", tcg ? "max,la57=off" : "host"],
    ["-m", `${Math.floor(check.memoryBytes / 2 ** 20)}M`, "-smp", `${check.vcpus}`],
    ["-uuid", vm.uuid, "-rtc", `base=${vm.clock === "utc" ? "utc" : "localtime"}`],
    ["-display", "none", "-vga", "std", "-device", "virtio-rng-pci"],
    ["-serial", `file:${check.serialFile}`, "-qmp", "stdio", "-pidfile", check.pidFile],
    ...(check.firmware === null ? [] : firmwareArguments(check.firmware)),
    ...check.disks.map((disk, index) => blockdevs(disk, index, vm.disks[index])),
    ...diskDevices(vm, (index) => `top${index}`).map((device) => ["-device", device]),
    // restrict=on: the guest must not talk to anyone; the original may still be running.
    ...nicDevices(vm).map(({ port, device }, index) => [
      "-netdev",
      `user,id=net${index},restrict=on,net=10.0.${2 + index}.0/24`,
      ...(port === null ? [] : ["-device", port]),
      "-device",
      device,
    ]),
  ];
  return parts.flat();
}

/**
 * image (read-only) <- probe's layer (read-only) <- top. The chain is named here and not in the files' headers, so
 * no format is guessed and no header's path is followed. Writes may be lost: nothing of them is kept.
 */
function blockdevs(disk: CheckDisk, index: number, model: VmDisk | undefined): readonly string[] {
  const file = (filename: string, driver = "file") => ({ driver, filename, "read-only": true });
  const format = model?.format ?? "raw";
  const image = {
    driver: format,
    "node-name": `image${index}`,
    "read-only": true,
    file: file(disk.image, model?.volume === undefined ? "file" : "host_device"),
    ...(format === "qcow2" ? { backing: null } : {}),
  };
  const layer = disk.layer !== null && {
    driver: "qcow2",
    "node-name": `layer${index}`,
    "read-only": true,
    file: file(disk.layer),
    backing: `image${index}`,
  };
  const top = {
    driver: "qcow2",
    "node-name": `top${index}`,
    cache: { direct: false, "no-flush": true },
    file: { driver: "file", filename: disk.top, cache: { direct: false, "no-flush": true } },
    backing: layer === false ? `image${index}` : `layer${index}`,
  };
  return [image, ...(layer === false ? [] : [layer]), top].flatMap((node) => [
    "-blockdev",
    JSON.stringify(node),
  ]);
}

function firmwareArguments({ code, vars }: FirmwareFiles): readonly (readonly string[])[] {
  const comma = (path: string): string => path.replaceAll(",", ",,");
  return [
    ["-drive", `if=pflash,format=raw,unit=0,readonly=on,file=${comma(code)}`],
    ["-drive", `if=pflash,format=raw,unit=1,file=${comma(vars)}`],
  ];
}
