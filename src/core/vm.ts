// SPDX-License-Identifier: Apache-2.0
// The virtual machine, independent of any hypervisor. Each writer of src/target renders it.
export type ImageFormat = "raw" | "qcow2";

export type VmModel = {
  readonly name: string;
  readonly uuid: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly arch: string;
  /** What the old firmware's boot menu had, for UEFI; absent: nothing that would make sense in the VM. */
  readonly bootEntries?: readonly VmBootEntry[];
  /** Lowest x86-64 level the guest's distribution was built for. */
  readonly cpuLevel: 1 | 2 | 3 | 4;
  readonly firmware: { readonly kind: "bios" } | { readonly kind: "uefi"; readonly secureBoot: boolean };
  readonly machine: "q35" | "pc";
  /**
   * Devices of virtio offer the old kind too, on q35 by standing on no PCI Express port. Absent: as the machine has it,
   * which is 1.0 alone on q35, and both on pc.
   */
  readonly virtio?: "transitional";
  readonly clock: "utc" | "local";
  /** libosinfo id (`http://debian.org/debian/12`), null where the guest is unknown. */
  readonly osinfo: string | null;
  /** In disk order; the boot disk is marked wherever it stands. */
  readonly disks: readonly VmDisk[];
  readonly nics: readonly VmNic[];
  readonly xen: VmXen;
  /** The guest has QEMU's agent: absent where nobody asked for it. libvirt and Proxmox VE have its channel always. */
  readonly guestAgent?: true;
};

/** An entry of the firmware's boot menu: a loader on a partition of one of the disks. */
export type VmBootEntry = {
  readonly label: string;
  readonly active: boolean;
  readonly partition: {
    readonly number: number;
    readonly startBytes: number;
    readonly sizeBytes: number;
    /** PARTUUID. */
    readonly uuid: string;
  };
  /** As the firmware writes it: `\\EFI\\debian\\shimx64.efi`. */
  readonly file: string;
};

export type VmDisk = {
  /** File name beside the definition: `web-1.img`. */
  readonly file: string;
  readonly format: ImageFormat;
  /** The block device of the host that holds it instead of the file; always raw. */
  readonly volume?: string | undefined;
  readonly sizeBytes: number;
  readonly bus: "virtio" | "sata" | "ide";
  readonly boot: boolean;
  readonly sectorBytes: 512 | 4096;
};

/** A block device: `/dev/vg/web`, `/dev/zvol/tank/web`, `/dev/disk/by-id/...`. Nothing that leaves /dev. */
export const VOLUME_PATH = /^\/dev(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_+.:@=%-]{1,128}){1,8}$/;

/** Where a disk's bytes lie on the host, absolute. */
export const diskPath = (disk: Pick<VmDisk, "file" | "volume">, directory: string): string =>
  disk.volume ?? `${directory}/${disk.file}`;

export type VmNic = { readonly name: string; readonly mac: string; readonly model: "virtio" | "e1000" };

/** How the VM is known on one host: what another host would not share. */
export type VmPlace = {
  /** `files`: nothing is defined there; the files are all. */
  readonly hypervisor: "libvirt" | "xen" | "proxmox" | "files";
  /** The host's CPU runs it (KVM); otherwise QEMU emulates one. */
  readonly kvm: boolean;
  /** By NIC, in the VM's order; null: nothing to connect it to. */
  readonly networks: readonly (VmNetwork | null)[];
  /** Network cables are plugged in. */
  readonly linkUp: boolean;
  /** Started with the host. */
  readonly autostart: boolean;
};

export type VmNetwork = {
  readonly kind: "libvirt-network" | "bridge" | "ovs-bridge";
  readonly name: string;
};

/** How Xen boots it, by what the kernel was built for, what the host has, and what can read the boot disk. */
export type VmXen = {
  readonly type: "pv" | "pvh" | "hvm";
  /** `kernel`: nothing there reads the boot disk, so kernel and initramfs lie beside the images. */
  readonly loader: "pygrub" | "pvgrub" | "firmware" | "kernel";
};
