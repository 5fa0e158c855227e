// SPDX-License-Identifier: Apache-2.0
// What a host is and offers, as it answered when it was asked. Never guessed: what it would not tell is unknown.
import type { Known } from "./machine.ts";
import type { Problem } from "./problems/index.ts";

/** `none`: nothing there runs a VM; the files can still be kept there. */
export type HostKind = "proxmox" | "xen" | "libvirt" | "qemu" | "none";

export type HostFacts = {
  readonly format: "host/1";
  /** As in messages: `root@host:22`, `this machine`. */
  readonly title: string;
  /** What `--hypervisor auto` takes there. */
  readonly kind: HostKind;
  readonly system: Known<string>;
  readonly arch: string;
  readonly user: HostUser;
  readonly cpu: HostCpu;
  /** Seconds its clock is ahead of ours, negative where it is behind; the time that asking took is not a difference. */
  readonly clockAheadSeconds: Known<number>;
  readonly memory: Known<{ readonly totalBytes: number; readonly availableBytes: number }>;
  /** /dev/kvm can be opened; that alone does not mean that a guest runs in it. */
  readonly kvm: boolean;
  /** null: not installed there. */
  readonly libvirt: LibvirtFacts | null;
  readonly xen: XenFacts | null;
  readonly proxmox: ProxmoxFacts | null;
  /** QEMU without anything around it. */
  readonly qemu: { readonly path: string; readonly version: Known<string> } | null;
  readonly storages: readonly HostStorage[];
  readonly networks: readonly HostNetwork[];
  /** VMs that are defined or run there. */
  readonly vms: readonly HostVm[];
  /** UEFI firmware files for QEMU, absolute paths. */
  readonly firmwareFiles: readonly string[];
  /** What is there and cannot be used, with advice: libvirtd stopped, xl without rights. */
  readonly problems: readonly Problem[];
};

export type HostUser = {
  readonly name: string;
  readonly isRoot: boolean;
  readonly groups: readonly string[];
};

export type HostCpu = {
  readonly threads: Known<number>;
  readonly model: Known<string>;
  readonly level: Known<1 | 2 | 3 | 4>;
};

/** Words before each command: `[]`, or `sudo -n`. */
export type CommandPrefix = readonly string[];

export type LibvirtFacts = {
  readonly uri: string;
  readonly usable: boolean;
  readonly prefix: CommandPrefix;
  readonly version: Known<string>;
  /** Domain types its QEMU offers. */
  readonly kvm: boolean;
  readonly uefi: { readonly plain: boolean; readonly secureBoot: boolean };
  /** Its QEMU has no machine `pc` (i440fx). */
  readonly withoutPc?: true;
};

export type XenFacts = {
  readonly usable: boolean;
  readonly prefix: CommandPrefix;
  readonly version: Known<string>;
  /** Guest types of this hypervisor on this CPU. */
  readonly types: readonly ("pv" | "pvh" | "hvm")[];
  readonly freeMemoryBytes: Known<number>;
  /** GRUB for PV domains (`grub-x86_64-xen.bin`), for PVH domains, and pygrub; null: not installed. */
  readonly pvgrub: string | null;
  readonly pvhgrub: string | null;
  readonly pygrub: string | null;
  /** UEFI for HVM domains. */
  readonly ovmf: string | null;
};

export type ProxmoxFacts = {
  readonly usable: boolean;
  readonly prefix: CommandPrefix;
  readonly version: Known<string>;
};

export type HostStorage = {
  readonly kind: "directory" | "libvirt-pool" | "lvm" | "zfs" | "proxmox";
  readonly name: string;
  /** A directory that images can be written to; null for volume groups and the like. */
  readonly path: string | null;
  /** Of a libvirt pool or a Proxmox storage: `dir`, `logical`, `lvmthin` ... */
  readonly type: string | null;
  readonly sizeBytes: Known<number>;
  readonly freeBytes: Known<number>;
  /** Started, mounted, and writable for this user. */
  readonly usable: boolean;
};

export type HostNetwork = {
  readonly kind: "bridge" | "libvirt-network" | "ovs-bridge";
  readonly name: string;
  /** The bridge behind a libvirt network. */
  readonly bridge: string | null;
  /** `nat`, `bridge`, `isolated` ...; null for plain bridges. */
  readonly mode: string | null;
  readonly active: boolean;
};

export type HostVm = {
  readonly on: "libvirt" | "xen" | "proxmox";
  readonly name: string;
  readonly uuid: string | null;
  readonly macs: readonly string[];
  readonly running: boolean;
};
