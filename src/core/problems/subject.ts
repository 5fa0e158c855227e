// SPDX-License-Identifier: Apache-2.0
// What a problem is about, as data: code that must know it reads this, and never the words.

/** Names are as they were found: a guest's own may hold anything. */
export type Subject =
  /** A line of fstab: what is mounted (as it is written there), and where; swap has the path `none` or `swap`. */
  | { readonly kind: "mount"; readonly spec: string; readonly path: string }
  /** A name by which the guest calls a device: `/dev/sdb1`, `UUID=...`. */
  | { readonly kind: "device-name"; readonly name: string }
  /** A disk of the source, by its path here. */
  | { readonly kind: "disk"; readonly path: string }
  /** A partition, volume or file system, by its id in the block graph. */
  | { readonly kind: "node"; readonly id: string }
  /** An encrypted volume, by the UUID of its header. */
  | { readonly kind: "luks"; readonly uuid: string }
  /** A software RAID. */
  | { readonly kind: "array"; readonly name: string }
  | { readonly kind: "volume-group"; readonly name: string }
  | { readonly kind: "physical-volume"; readonly uuid: string }
  | { readonly kind: "kernel"; readonly version: string }
  /** A module of the kernel. */
  | { readonly kind: "driver"; readonly name: string }
  /** A network card, by its name in the guest or its MAC address. */
  | { readonly kind: "nic"; readonly name: string }
  /** A file or directory: of the guest, of the host, or of this computer. */
  | { readonly kind: "file"; readonly of: "guest" | "host" | "here"; readonly path: string }
  /** A block device of the host that takes a disk. */
  | { readonly kind: "volume"; readonly path: string }
  | { readonly kind: "hypervisor"; readonly name: "libvirt" | "xen" | "proxmox" }
  /** A VM that the host has already. */
  | { readonly kind: "vm"; readonly name: string }
  /** A network or bridge of the host. */
  | { readonly kind: "network"; readonly name: string }
  | { readonly kind: "step"; readonly name: string }
  /** A package of extras, or of the guest. */
  | { readonly kind: "package"; readonly name: string }
  | { readonly kind: "program"; readonly name: string };

export type SubjectKind = Subject["kind"];

/** The subjects of one kind among those of a problem. */
export function aboutOf<K extends SubjectKind>(
  { about }: { readonly about: readonly Subject[] },
  kind: K,
): readonly Extract<Subject, { kind: K }>[] {
  return about.filter((subject): subject is Extract<Subject, { kind: K }> => subject.kind === kind);
}
