// SPDX-License-Identifier: Apache-2.0
// A shell script that imports the VM into Proxmox VE (qm(1) of 7.2 and newer, for import-from; qm.conf(5)). Pure.
import { shown, type VmDisk, type VmModel, type VmPlace } from "../../core/index.ts";
import { quoteWord } from "../../system/index.ts";
import { diskBus } from "./qemu-devices.ts";

type Where = { readonly place?: Pick<VmPlace, "networks" | "linkUp" | "autostart"> };

const ANY_PROXMOX: NonNullable<Where["place"]> = { networks: [], linkUp: true, autostart: false };

/** POSIX sh; the images lie beside it, and are copied into a storage of Proxmox. */
export function renderProxmox(vm: VmModel, { place = ANY_PROXMOX }: Where = {}): string {
  const file = `${vm.name}.proxmox.sh`;
  const first = [...vm.disks.entries()].toSorted(([, a], [, b]) => Number(b.boot) - Number(a.boot));
  const boot = first.map(([index]) => deviceName(vm, index)).join(";");
  const options: readonly (readonly [name: string, value: string])[] = [
    ["name", word(proxmoxName(vm.name))],
    ["ostype", "l26"],
    ["memory", `${Math.ceil(vm.memoryBytes / 2 ** 20)}`],
    ["cores", `${vm.vcpus}`],
    ["cpu", "host"],
    ["machine", vm.machine],
    ["bios", vm.firmware.kind === "uefi" ? "ovmf" : "seabios"],
    ...(vm.firmware.kind === "uefi"
      ? [["efidisk0", `"$storage:1,efitype=4m,pre-enrolled-keys=${vm.firmware.secureBoot ? 1 : 0}"`] as const]
      : []),
    ["smbios1", `uuid=${vm.uuid}`],
    ["localtime", vm.clock === "local" ? "1" : "0"],
    ["onboot", place.autostart ? "1" : "0"],
    ["agent", "enabled=1"],
    ["serial0", "socket"],
    ["vga", "std"],
    ["rng0", "source=/dev/urandom"],
    ...vm.disks.map((disk, index) => [deviceName(vm, index), diskValue(disk)] as const),
    ...vm.nics.map(({ mac, model }, index) => {
      const network = place.networks[index];
      const bridge = network === undefined || network === null ? "vmbr0" : network.name;
      const down = place.linkUp && network !== null ? "" : ",link_down=1";
      return [`net${index}`, word(`${model}=${mac.toUpperCase()},bridge=${bridge}${down}`)] as const;
    }),
    ["boot", word(`order=${boot}`)],
  ];
  return [
    "#!/bin/sh",
    `# ${shown(vm.name)}: imports this virtual machine into Proxmox VE 7.2 or newer. Made by virt-p2v; the images`,
    "# lie beside it and stay as they are. Run it as root on the node:",
    `#   sh ${shown(file)} STORAGE [VMID]`,
    "# STORAGE is one of `pvesm status`; without VMID the next free number is taken.",
    ...(vm.disks.some(({ sectorBytes }) => sectorBytes === 4096)
      ? ["# A disk had sectors of 4096 bytes. Proxmox shows 512: its partitions may not be found."]
      : []),
    "set -eu",
    "if [ $# -lt 1 ] || [ $# -gt 2 ]; then",
    `\techo "Usage: $0 STORAGE [VMID]" >&2`,
    "\texit 2",
    "fi",
    "storage=$1",
    "id=${2:-$(pvesh get /cluster/nextid)}",
    ...(vm.disks.some(({ volume }) => volume === undefined)
      ? ['here=$(cd -- "$(dirname -- "$0")" && pwd)']
      : []),
    "",
    'qm create "$id" \\',
    options.map(([name, value]) => `\t--${name} ${value}`).join(" \\\n"),
    "",
    'echo "VM $id is there. Start it, once the original is off: qm start $id; its console: qm terminal $id"',
    "",
  ].join("\n");
}

/** A DNS name, which has no underscore. */
function proxmoxName(name: string): string {
  const dns = name
    .replaceAll(/[^A-Za-z0-9.-]+/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "")
    .slice(0, 63);
  return dns === "" ? "vm" : dns;
}

function deviceName(vm: VmModel, index: number): string {
  const disk = vm.disks[index];
  if (disk === undefined) throw new RangeError(`There is no disk ${index}`);
  return `${diskBus(disk, vm.machine)}${index}`;
}

/** The option's parts are split at commas: a file name with one could not be given, and no name of ours has one. */
function diskValue({ file, volume, bus }: VmDisk): string {
  const discard = bus === "ide" ? "" : ",discard=on";
  if (volume !== undefined) return `"$storage:0,import-from=${volume}${discard}"`; // VOLUME_PATH has nothing to quote
  return `"$storage:0,import-from=$here/"${quoteWord(file)}${discard}`;
}

const word = (text: string): string => quoteWord(text);
