// SPDX-License-Identifier: Apache-2.0
// The installed system, as found on the disks. Families, loaders and initramfs tools are open lists of plug-ins;
// `generic` is the last entry of each.
import type { NodeId } from "./machine.ts";
import type { DiskNames } from "./names/disk-names.ts";
import type { InterfaceEvidence } from "./names/interface-claims.ts";
import type { NetworkLink } from "./network.ts";

export type GuestOS = {
  /** `debian`, `redhat`, `suse`, `arch`, `alpine`, `generic`. */
  readonly family: string;
  /** ID of os-release: `debian`, `ubuntu`, `rhel` ... */
  readonly id: string;
  readonly version: string;
  /** PRETTY_NAME, for people. */
  readonly title: string;
  readonly hostname: string | null;
  readonly arch: string;
  /** The file system node of `/`. */
  readonly root: NodeId;
  readonly mounts: readonly Mount[];
  /** Of each btrfs that is mounted: paths of its subvolumes (`@/.snapshots/1/snapshot`), to SUBVOLUME_DEPTH, and words (`subvolid=300`) by which some were mounted. Absent: nobody looked. */
  readonly subvolumes?: readonly { readonly node: NodeId; readonly paths: readonly string[] }[];
  /** `subvol=@`: the root is not what its btrfs shows by default. Absent: it is, or it is no btrfs. */
  readonly subvolume?: string;
  /** What the old machine called its disks, as far as the guest's files tell. */
  readonly names: DiskNames;
  /** `grub2`, `grub-legacy`, `systemd-boot`, `extlinux`, `generic`. */
  readonly loader: string;
  /** `initramfs-tools`, `dracut`, `mkinitcpio`, `mkinitrd`, `generic`. */
  readonly initramfsTool: string;
  /** `unknown`: none of these, or not proven. */
  readonly init: "systemd" | "sysv" | "openrc" | "upstart" | "busybox" | "unknown";
  readonly kernels: readonly Kernel[];
  readonly network: readonly GuestInterface[];
  /** What tells which card had which name. Absent: nothing was read. */
  readonly interfaces?: InterfaceEvidence;
  /** What is used at boot above its cards: bonds, bridges, VLANs. Absent: nothing was read. */
  readonly layers?: readonly NetworkLink[];
  /** Absent: cloud-init is not there, is switched off, or never set the machine up. */
  readonly cloudInit?: CloudInit;
  /** Bytes used in all mounted file systems together. */
  readonly usedBytes: number;
};

/** What cloud-init did here, and would do in the VM. */
export type CloudInit = {
  /** What gave it its data on this machine: `MAAS`, `NoCloud`; null: not recorded. */
  readonly source: string | null;
  /** It leaves the network to others. */
  readonly leavesNetwork: boolean;
  /** It takes the machine for the one that it set up, whatever its data source says. */
  readonly keepsInstance: boolean;
};

/** One line of the guest's fstab, or mount unit of systemd, that this machine's storage can serve, or an EFI system partition that none names. */
export type Mount = {
  readonly path: string;
  /** The device as it stands there. */
  readonly spec: string;
  readonly type: string;
  readonly options: string;
  /** null: not found among the given disks (another disk, NFS ...). */
  readonly node: NodeId | null;
};

export type DriverPlace = "builtin" | "initramfs" | "module" | "absent";

export type Kernel = {
  readonly version: string;
  /** Path inside the guest, `/boot/vmlinuz-6.1.0-18-amd64`. */
  readonly image: string;
  /** Path inside the guest; null where the kernel boots without one. */
  readonly initramfs: string | null;
  /** Listed in a boot menu, so a person could choose it. */
  readonly bootable: boolean;
  readonly has: Readonly<Record<string, DriverPlace>>;
  /** Where its modules are listed; absent: in /lib/modules/VERSION. */
  readonly modules?: string;
  /** Kinds of Xen domain it was built for, as its configuration says; absent where that is not there. */
  readonly xen?: readonly ("pv" | "pvh")[];
  /** Its virtio is of the old kind only: it does not see devices that offer virtio 1.0 alone. */
  readonly virtioLegacy?: true;
  /** It starts in a PV domain of Xen, or as its dom0, and on nothing else. */
  readonly xenOnly?: true;
};

/** A physical interface that the guest's own configuration, udev rules or leases name. */
export type GuestInterface = {
  readonly name: string;
  readonly mac: string | null;
  /** Where it was named, for the report: `/etc/network/interfaces`. */
  readonly from: string;
  readonly configured: InterfaceConfig;
  /** Shell patterns of profiles that are for any such name: this one is our choice. Absent: a file names it. */
  readonly anyOf?: readonly string[];
};

/** What the guest asks for when it boots; the boot check compares with it. */
export type InterfaceConfig =
  | { readonly kind: "none" }
  | { readonly kind: "dhcp" }
  /** CIDR: `192.0.2.7/24`. */
  | { readonly kind: "static"; readonly addresses: readonly string[]; readonly gateway: string | null }
  /** Carries a bond, bridge or VLAN, which has the addresses. */
  | { readonly kind: "port"; readonly of: string };

/** The drivers a VM of ours may need; order is that of the report. */
export const VM_DRIVERS = [
  "virtio_pci",
  "virtio_blk",
  "virtio_scsi",
  "virtio_net",
  "xen-blkfront",
  "xen-netfront",
] as const;
