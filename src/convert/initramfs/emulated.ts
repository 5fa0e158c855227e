// SPDX-License-Identifier: Apache-2.0
// What a kernel without virtio has instead: drivers of the disk controller and network card that QEMU and Xen emulate.
import { devicesFor, type GuestOS, type GuestView, type Intent, type Kernel } from "../../core/index.ts";
import { type Modules, readModules } from "./modules.ts";

/** PIIX on the machine `pc`, by libata or by the IDE layer before it; AHCI on `q35`. Each way needs all of its drivers. */
const DISKS = {
  pc: [
    ["ata_piix", "sd_mod"],
    ["piix", "ide_disk"],
    ["piix", "ide_gd_mod"],
  ],
  q35: [["ahci", "sd_mod"]],
} as const;

const NIC = "e1000";

/** In a kernel's configuration: before 2.6.33 nothing else lists what is built in. */
const SYMBOLS: Readonly<Record<string, string>> = {
  virtio_pci: "CONFIG_VIRTIO_PCI",
  virtio_blk: "CONFIG_VIRTIO_BLK",
  virtio_net: "CONFIG_VIRTIO_NET",
  xen_blkfront: "CONFIG_XEN_BLKDEV_FRONTEND",
  xen_netfront: "CONFIG_XEN_NETDEV_FRONTEND",
  ata_piix: "CONFIG_ATA_PIIX",
  ahci: "CONFIG_SATA_AHCI",
  sd_mod: "CONFIG_BLK_DEV_SD",
  piix: "CONFIG_BLK_DEV_PIIX",
  ide_disk: "CONFIG_BLK_DEV_IDEDISK",
  ide_gd_mod: "CONFIG_IDE_GD",
  e1000: "CONFIG_E1000",
};

/** Names of these drivers that are built in according to the kernel's configuration. */
export async function readBuiltIns(view: GuestView, release: string): Promise<ReadonlySet<string>> {
  const text = (await view.readText(`/boot/config-${release}`)) ?? "";
  const lines = new Set(text.split("\n"));
  return new Set(Object.keys(SYMBOLS).filter((name) => lines.has(`${SYMBOLS[name]}=y`)));
}

export type Emulated = {
  /** Modules without which the VM has no disk; empty: all built in. null: no driver for it. */
  readonly disk: readonly string[] | null;
  readonly bus: "IDE" | "SATA";
  readonly nic: boolean;
};

export async function readEmulated(
  { version, modules: directory }: Pick<Kernel, "version" | "modules">,
  { view, guest, intent }: { view: GuestView; guest: GuestOS; intent: Pick<Intent, "hypervisor"> },
): Promise<Emulated> {
  const modules = await readModules(view, version, directory);
  const builtIn = await readBuiltIns(view, version);
  // Xen emulates the old machine only.
  const machine = intent.hypervisor === "xen" ? "pc" : devicesFor(guest).machine;
  return findEmulated({ modules, builtIn, machine });
}

/** Pure. */
function findEmulated({
  modules,
  builtIn,
  machine,
}: {
  modules: Modules | null;
  builtIn: ReadonlySet<string>;
  machine: keyof typeof DISKS;
}): Emulated {
  const place = (name: string): ReturnType<Modules["place"]> =>
    builtIn.has(name) ? "builtin" : (modules?.place(name) ?? "absent");
  const way = DISKS[machine].find((names) => names.every((name) => place(name) !== "absent"));
  return {
    disk: way?.filter((name) => place(name) === "module") ?? null,
    bus: machine === "pc" ? "IDE" : "SATA",
    nic: place(NIC) !== "absent",
  };
}
