// SPDX-License-Identifier: Apache-2.0
// A recorded server in memory, with the disks of sample-disks.ts.
import { memoryView } from "../../src/system/index.ts";
import { type Sysroot, sysrootOf } from "../../src/inspect/machine/sysroot.ts";
import { deviceFiles, type Files, SAMPLE_DEVICES } from "./sample-disks.ts";

const utf16 = (text: string): Buffer => Buffer.from(`${text}\0`, "utf16le");

/** A Boot#### variable as efivarfs shows it. */
export function bootVariable(label: string, { active, file }: { active: boolean; file: string }): Uint8Array {
  const name = utf16(file);
  const disk = Buffer.alloc(42);
  disk.set([4, 1, 42, 0, 1]);
  disk.set([0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0x78, 0x56, 1, 2, 3, 4, 5, 6, 7, 8], 24);
  disk.set([2, 2], 40);
  const path = Buffer.concat([
    disk,
    Buffer.from([4, 4, name.length + 4, 0]),
    name,
    Buffer.from([0x7f, 0xff, 4, 0]),
  ]);
  const head = Buffer.from([7, 0, 0, 0, active ? 1 : 0, 0, 0, 0, path.length, 0]);
  return Buffer.concat([head, utf16(label), path]);
}

const GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const nic = (name: string, attributes: Readonly<Record<string, string>>, driver: string): Files => ({
  [`/sys/class/net/${name}`]: { link: `../../devices/pci0000:00/0000:05:00.0/net/${name}` },
  [`/sys/devices/pci0000:00/0000:05:00.0/net/${name}/device`]: { link: "../../../0000:05:00.0" },
  "/sys/devices/pci0000:00/0000:05:00.0/driver": { link: `../../../bus/pci/drivers/${driver}` },
  [`/sys/bus/pci/drivers/${driver}`]: { directory: true },
  ...Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      `/sys/devices/pci0000:00/0000:05:00.0/net/${name}/${key}`,
      value,
    ]),
  ),
});

/** Two sockets of two cores with two threads each. */
function cpuFiles(): Files {
  const files: Files = { "/sys/devices/system/cpu/online": "0-7\n" };
  for (let cpu = 0; cpu < 8; cpu += 1) {
    const at = `/sys/devices/system/cpu/cpu${cpu}/topology`;
    files[`${at}/core_siblings`] = cpu < 4 ? "0f\n" : "f0\n";
    files[`${at}/thread_siblings`] = `${(0b11 << (cpu - (cpu % 2))).toString(16).padStart(2, "0")}\n`;
    files[`${at}/physical_package_id`] = `${cpu < 4 ? 0 : 1}\n`;
    files[`${at}/core_id`] = `${Math.floor(cpu / 2) % 2}\n`;
  }
  return files;
}

export function sampleMachineFiles(): Files {
  return {
    ...cpuFiles(),
    ...Object.assign({}, ...SAMPLE_DEVICES.map(deviceFiles)),
    "/proc/cpuinfo":
      "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz\nflags\t\t: lm cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 avx avx2 bmi1 bmi2 f16c fma abm movbe xsave\n",
    "/proc/meminfo": "MemTotal:       32654321 kB\nMemFree:               1 kB\n",
    "/sys/devices/system/memory/block_size_bytes": "80000000\n",
    ...Object.fromEntries(
      Array.from({ length: 16 }, (_, n) => [`/sys/devices/system/memory/memory${n}/state`, "online\n"]),
    ),
    "/proc/sys/kernel/hostname": "db01\n",
    "/proc/swaps": "Filename Type Size Used Priority\n/dev/dm-1 partition 8388604 0 -2\n",
    "/proc/self/mountinfo":
      "25 1 253:0 / / rw shared:1 - xfs /dev/mapper/vg--0-root rw\n26 25 104:1 / /mnt/old\\040disk rw - ext3 /dev/cciss/c0d0p1 rw\n",
    "/etc/adjtime": "0.0 0 0.0\n0\nLOCAL\n",
    "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
    "/sys/class/dmi/id/product_name": "PowerEdge R640\n",
    "/sys/class/dmi/id/product_serial": "To Be Filled By O.E.M.\n",
    "/sys/class/dmi/id/product_uuid": "4c4c4544-0051-3010-8052-b4c04f335931\n",
    "/sys/class/dmi/id/bios_version": "2.8.2\n",
    [`/sys/firmware/efi/efivars/SecureBoot-${GLOBAL}`]: Uint8Array.from([6, 0, 0, 0, 1]),
    [`/sys/firmware/efi/efivars/BootOrder-${GLOBAL}`]: Uint8Array.from([7, 0, 0, 0, 3, 0, 1, 0]),
    [`/sys/firmware/efi/efivars/Boot0001-${GLOBAL}`]: bootVariable("PXE", { active: false, file: "" }),
    [`/sys/firmware/efi/efivars/Boot0003-${GLOBAL}`]: bootVariable("debian", {
      active: true,
      file: "\\EFI\\debian\\shimx64.efi",
    }),
    ...nic(
      "eno1",
      { address: "24:6E:96:00:00:01\n", type: "1\n", speed: "10000\n", carrier: "1\n" },
      "ixgbe",
    ),
    ...nic(
      "eno2",
      {
        address: "24:6e:96:00:00:01\n",
        "bonding_slave/perm_hwaddr": "24:6e:96:00:00:02\n",
        type: "1\n",
        speed: "-1\n",
        carrier: "0\n",
      },
      "ixgbe",
    ),
    "/sys/class/net/bond0": { link: "../../devices/virtual/net/bond0" },
    "/sys/devices/virtual/net/bond0/address": "24:6e:96:00:00:01\n",
  };
}

export function sampleSysroot(files: Files = sampleMachineFiles()): Sysroot {
  return sysrootOf(memoryView(files), { live: false });
}
