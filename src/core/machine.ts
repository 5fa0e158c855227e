// SPDX-License-Identifier: Apache-2.0
// What was found on a computer: never guessed, never edited. Read this file first, then guest.ts and plan.ts.

import type { CardPlace } from "./names/interface-claims.ts";

/** A fact, or the reason why it is not known. Unknown is never shown as 0. */
export type Known<T> =
  | { readonly kind: "known"; readonly value: T }
  | { readonly kind: "unknown"; readonly why: string };

export const known = <T>(value: T): Known<T> => ({ kind: "known", value });
export const unknown = <T>(why: string): Known<T> => ({ kind: "unknown", why });

export type Machine = {
  readonly format: "machine/1";
  readonly name: string;
  readonly arch: string;
  readonly memoryBytes: Known<number>;
  /** What the hardware clock keeps. */
  readonly clock: Known<"utc" | "local">;
  readonly firmware: Known<Firmware>;
  readonly cpu: Known<Cpu>;
  readonly dmi: Known<Dmi>;
  readonly nics: readonly Nic[];
  /** PCI devices that disks and network cables hang on. */
  readonly controllers: readonly Controller[];
  readonly storage: BlockGraph;
  /** What no field above can hold as unknown: a list that could not be read (`storage`, `nics`), a disk without a size. */
  readonly notKnown?: readonly NotKnown[];
};

/** `about` is `storage`, `nics` or a device (`/dev/sdc`). */
export type NotKnown = { readonly about: string; readonly why: string };

export type Firmware =
  | { readonly kind: "bios" }
  | { readonly kind: "uefi"; readonly secureBoot: boolean; readonly bootEntries: readonly BootEntry[] };

export type BootEntry = {
  readonly number: number;
  readonly label: string;
  readonly active: boolean;
  readonly path: string | null;
};

/** Totals of the whole machine: `cores` counts all cores of all sockets, `threads` all logical CPUs. */
export type Cpu = {
  readonly sockets: Known<number>;
  readonly cores: Known<number>;
  readonly threads: Known<number>;
  readonly model: Known<string>;
  /** x86-64 micro-architecture level (x86-64 psABI). */
  readonly level: Known<1 | 2 | 3 | 4>;
};

export type Dmi = {
  readonly vendor: string | null;
  readonly product: string | null;
  readonly serial: string | null;
  readonly uuid: string | null;
  readonly biosVersion: string | null;
};

/** A storage or network controller on PCI. Ids as in /sys: `8086:a352`, in lower case. */
export type Controller = {
  readonly kind: "storage" | "network";
  /** `0000:00:17.0`. */
  readonly address: string;
  readonly id: string;
  /** null: no driver of this system claims it, so nothing behind it can be seen. */
  readonly driver: string | null;
};

export type Nic = {
  readonly name: string;
  /** Lower case, colons: `52:54:00:12:34:56`. The permanent address where the kernel tells it. */
  readonly mac: string;
  readonly driver: string | null;
  readonly speedMbit: number | null;
  readonly carrier: boolean | null;
  readonly bus: string | null;
  /** What systemd's schemes call it by its place, as the running system's udev has it; absent: not known. */
  readonly names?: Readonly<Partial<Record<CardPlace, string>>>;
  /**
   * No card of the machine's own network, unless a file of the guest means it: a virtual function there to be lent (SR-IOV),
   * the USB link to the BMC, wireless, the same card seen twice. Absent: no.
   */
  readonly aside?: true;
};

/** Unique within one graph. Made and read by storage/node-id.ts only. */
export type NodeId = string;

/** A graph, not a tree: LVM, md and btrfs span disks. */
export type BlockGraph = { readonly nodes: readonly BlockNode[]; readonly edges: readonly BlockEdge[] };

export type BlockNode = {
  readonly id: NodeId;
  /** Device or image file. A partition of an image has none of its own: then the image's path. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly holds: Holds;
};

/** Which bytes of `from` (the upper node) lie where in `to` (the lower one). null: woven RAID (`Weave`), thin, a LUKS volume without its key. */
export type BlockEdge = {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly map: readonly BlockMapping[] | null;
};

export type BlockMapping = { readonly from: number; readonly to: number; readonly length: number };

export type FirmwareRaid = {
  /** For people: `Intel RAID 1 volume "root" of 2 disks`. */
  readonly title: string;
  /** `plain`: it is read as any other disk; `copy`: it holds what `of` holds; `part`: only the controller can read it. */
  readonly state: "plain" | "copy" | "part";
  readonly of?: NodeId;
  /** Bytes by which it is known as a member: in the VM, which has no such controller, they are not there. */
  readonly signatures: readonly { readonly start: number; readonly end: number }[];
};

/** What a node is. A file system is a node of its own above the partition or volume it lies on. */
export type Holds =
  | {
      readonly kind: "disk";
      readonly serial: string | null;
      readonly model: string;
      /** Its name in the world, as the kernel writes it: `naa.6001405...`, `eui.0025...`; absent: it tells none. */
      readonly wwid?: string;
      /** `unknown`: the disk could not be read, or its table is of another kind. */
      readonly table: "gpt" | "mbr" | "none" | "unknown";
      /** It has metadata of a RAID that a firmware makes (Intel RST, DDF ...); absent: it has none. */
      readonly firmwareRaid?: FirmwareRaid;
      /** What a BIOS would start from it; absent: nobody looked. */
      readonly boot?: BootCode;
    }
  | {
      readonly kind: "partition";
      readonly number: number;
      /** GUID in upper case, or hexadecimal byte of an MBR (`83`); `unknown` where the table could not be read. */
      readonly type: string;
      readonly uuid: string | null;
      /** null: not known. */
      readonly bootable: boolean | null;
      /** PARTLABEL; absent: it has none (an MBR never has). */
      readonly name?: string;
    }
  | {
      readonly kind: "filesystem";
      readonly type: string;
      readonly uuid: string;
      readonly label: string | null;
      /** Where it was mounted last, as its own superblock says (ext2 to ext4); absent: it does not say. */
      readonly lastMount?: string;
      /** UUID of the log or journal that it keeps on another volume; absent: it has its own. */
      readonly externalLog?: string;
      /** Of an XFS: files lie on a realtime device too, which nothing on the disks tells apart. */
      readonly realtime?: true;
      /** Of a btrfs over several devices; each has a node with the same UUID. Of two with one number the newer `generation` is it. */
      readonly devices?: { readonly count: number; readonly own: number; readonly generation: number };
    }
  | {
      readonly kind: "swap";
      readonly uuid: string;
      readonly label: string | null;
      readonly hibernated: boolean;
    }
  | { readonly kind: "lvm-pv" | "md-member" | "luks"; readonly uuid: string }
  | {
      readonly kind: "lvm-lv";
      readonly uuid: string;
      readonly name: string;
      /**
       * Physical volumes that are not here (UUIDs as LVM prints them): it lies on one itself (`volume`), with copies elsewhere
       * (`copies`, a RAID of LVM), or others of its group do. Absent: the group is whole.
       */
      readonly missing?: { readonly pvs: readonly string[]; readonly of: "volume" | "copies" | "group" };
    }
  /** The inside of a LUKS volume whose key was given. Its bytes lie one to one in the volume, encrypted (`baseNodes`). */
  | { readonly kind: "crypt"; readonly uuid: string }
  /** `level` in the kernel's words: `raid1`; empty where it is not known, as `uuid`. */
  | {
      readonly kind: "md";
      readonly uuid: string;
      readonly name: string;
      readonly level: string;
      /** Of an array that can be read, and is more than mirrors. */
      readonly weave?: Weave;
    }
  /** Nobody could look (a recorded machine, a disk that cannot be read): the difference to `opaque`. */
  | { readonly kind: "unknown"; readonly why: string }
  /**
   * Copied whole, and the plan says why. `content`: `none-known` where no signature was seen, `by-design` where boot code or
   * nothing belongs there, `mixed` where two things have left their signatures, `part` of something that is not opened here (ZFS, DRBD, bcache); absent: something that is not
   * understood. `logUuid`: the log of file systems that name this UUID.
   */
  | {
      readonly kind: "opaque";
      readonly why: string;
      readonly content?: "none-known" | "by-design" | "mixed" | "part";
      readonly logUuid?: string;
    };

/** Boot code for a BIOS, in the first sector of a disk or partition. */
export type BootCode =
  /** 440 zero bytes: a BIOS goes on to the next disk. */
  | { readonly kind: "none" }
  /** `core`: is what the first sector loads there? */
  | { readonly kind: "grub2" | "grub-legacy"; readonly core: boolean }
  | { readonly kind: "syslinux" | "lilo" }
  /** Starts the active partition (of an MBR; of a GPT the one with the attribute), whose own first sector has `starts`. */
  | { readonly kind: "active"; readonly partition: number | null; readonly starts: BootCode | null }
  /** Some code, of a loader that is not known here. */
  | { readonly kind: "other" };

/** An array whose bytes are woven over its members in chunks: RAID 0, 5 and 10. */
export type Weave = {
  readonly level: "raid0" | "raid5" | "raid10";
  readonly chunkBytes: number;
  /** RAID 5: 0 to 3, as the kernel counts (left or right, asymmetric or symmetric). RAID 10: copies of each chunk, near. */
  readonly layout: number;
  /** What each member gives: a multiple of `chunkBytes`. */
  readonly memberBytes: number;
  /** In their order; null: missing, or left behind. `start`: where its data begin in the node. */
  readonly members: readonly WeaveMember[];
};

export type WeaveMember = { readonly node: NodeId; readonly start: number } | null;
