// SPDX-License-Identifier: Apache-2.0
// Three values. Intent: answers checked against what was found. Preview: what would happen, made on an overlay.
// Plan: a Preview that the user confirmed, with its hash.
import type { Chain } from "./chain.ts";
import type { BlockGraph } from "./machine.ts";
import type { ShownChange } from "./change.ts";
import type { GuestOS } from "./guest.ts";
import type { InterfaceReason } from "./names/interface-claims.ts";
import type { Problem } from "./problems/index.ts";
import type { ImageFormat, VmBootEntry, VmModel, VmPlace } from "./vm.ts";

export type ProofLevel = "counters" | "used" | "full";
export type Hypervisor = "auto" | "qemu" | "libvirt" | "xen" | "proxmox";

export type Destination =
  | { readonly kind: "dir"; readonly path: string }
  | {
      readonly kind: "ssh";
      readonly user: string | null;
      readonly host: string;
      readonly port: number | null;
      readonly path: string;
    };

export type SourceDisk = {
  /** `1`, `2` ... in disk order: the number in `NAME-1.img`. */
  readonly number: number;
  readonly path: string;
  readonly kind: "device" | "file";
  readonly sizeBytes: number;
  readonly sectorBytes: number;
};

/** A disk that is not sent: mirrors of all its arrays are on disks that are. */
export type LeftOutDisk = {
  readonly disk: SourceDisk;
  /** What lay on it and on no other disk: swap, a copy of the EFI partition. */
  readonly volumes: readonly {
    readonly kind: "swap" | "filesystem";
    readonly uuid: string;
    readonly label: string | null;
  }[];
};

/** A NIC of the VM and the name it must have in the guest. */
export type IntendedNic = {
  readonly name: string;
  readonly mac: string;
  readonly origin: "machine" | "guest" | "given" | "generated";
  /** Of a machine's card: what the name rests on. Absent: nothing in the guest's files means this card. */
  readonly because?: InterfaceReason;
  /** What else files may call it: names by its place, its place on PCI (`0000:03:00.0`). Absent: none is known. */
  readonly aliases?: readonly string[];
};

export type Intent = {
  readonly name: string;
  readonly disks: readonly SourceDisk[];
  /** Absent: none. */
  readonly leftOut?: readonly LeftOutDisk[];
  readonly storage: BlockGraph;
  readonly destination: Destination;
  /** What was asked for; `auto` only where nothing that could define a VM was found. */
  readonly hypervisor: Hypervisor;
  readonly format: ImageFormat;
  /** Block devices of the host that take the disks, in their order; the disks after the last become files. */
  readonly volumes: readonly string[];
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly nics: readonly IntendedNic[];
  readonly firmware: { readonly kind: "bios" } | { readonly kind: "uefi"; readonly secureBoot: boolean };
  /** Of the old firmware's boot menu, for UEFI; absent: none. */
  readonly bootEntries?: readonly VmBootEntry[];
  readonly clock: "utc" | "local";
  readonly proof: ProofLevel;
  readonly bootCheck: boolean;
  readonly replace: boolean;
  /** Bring a finished VM up to date: only what differs is sent. */
  readonly update: boolean;
  /** Copy damaged or unknown volumes whole, without conversion. */
  readonly asIs: boolean;
  /** Names of conversion steps that are left out. */
  readonly skipSteps: readonly string[];
  /** Names of optional conversion steps that are done; absent: none. */
  readonly withSteps?: readonly string[];
};

export type DiskPreview = {
  readonly number: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
};

/** How long the copy will take, by short samples. */
export type TimeEstimate = {
  readonly seconds: number;
  readonly limitedBy: "disk" | "link" | "cpu" | "limit";
  readonly readBytesPerSecond: number;
  /** null: no link, or it could not be measured. */
  readonly linkBytesPerSecond: number | null;
  readonly packedShare: number;
  /** null: none was given. */
  readonly window: {
    readonly endsAt: string;
    readonly leftSeconds: number;
    readonly fits: boolean;
    readonly advice: string;
  } | null;
};

export type Preview = {
  readonly format: "plan/1";
  readonly intent: Intent;
  /** null: nothing recognized, or `--as-is`; the disks are copied and the report says so. */
  readonly guest: GuestOS | null;
  readonly vm: VmModel;
  readonly place: VmPlace;
  readonly changes: readonly ShownChange[];
  readonly problems: readonly Problem[];
  /** How the VM will boot; null: no installed system is known. */
  readonly chain: Chain | null;
  readonly disks: readonly DiskPreview[];
  /** Absent: nothing could be measured. */
  readonly time?: TimeEstimate;
};

/** `sha256` covers what the user saw: intent, VM and changes; generated files by required contents, not bytes. */
export type Plan = Preview & { readonly sha256: string };
