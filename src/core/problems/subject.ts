// SPDX-License-Identifier: Apache-2.0
// What a problem is about, as data: code that must know it reads this, and never the words. Names are as they were found:
// a guest's own may hold anything.

/** Things that one name tells apart, and what that name is. */
export type NamedKind =
  /** Its path, of the source. */
  | "disk"
  /** A partition, volume or file system: its id in the block graph. */
  | "node"
  /** An encrypted volume: the UUID in its header. */
  | "luks"
  /** A software RAID. */
  | "array"
  | "volume-group"
  /** `GROUP/NAME` */
  | "logical-volume"
  /** Its UUID. */
  | "physical-volume"
  /** A device of the guest, as its files name it: `/dev/sdb1`, `UUID=...`. */
  | "device"
  /** Its version. */
  | "kernel"
  /** A module of the kernel. */
  | "driver"
  /** A package of extras, or of the guest. */
  | "package"
  | "program"
  /** A conversion step. */
  | "step"
  | "hypervisor"
  /** A VM that the host has already. */
  | "vm"
  /** A network or bridge of the host. */
  | "network"
  /** A block device of the host that takes a disk: its path. */
  | "volume";

export type Subject =
  | { readonly kind: NamedKind; readonly name: string }
  /** A line of fstab: what it names, and where that is mounted. */
  | { readonly kind: "mount"; readonly spec: string; readonly path: string; readonly type: string }
  /** A network card: its name in the guest, its MAC address; null where a file of the guest does not say. */
  | { readonly kind: "nic"; readonly name: string | null; readonly mac: string | null }
  /** A line of a guest's file, counted from 1, and what it names. */
  | { readonly kind: "line"; readonly path: string; readonly line: number; readonly name: string }
  /** An installed system: the node of its root in the block graph, that file system's UUID, and its name for people. */
  | { readonly kind: "system"; readonly node: string; readonly uuid: string; readonly title: string }
  /** A file or directory of the guest, of the host, or of this computer. */
  | { readonly kind: "file"; readonly of: "guest" | "host" | "here"; readonly path: string };

export type MountSubject = Extract<Subject, { kind: "mount" }>;

type About = { readonly about: readonly Subject[] };

export const named = (kind: NamedKind, ...names: readonly string[]): readonly Subject[] =>
  names.map((name) => ({ kind, name }));

export const guestFiles = (...paths: readonly string[]): readonly Subject[] =>
  paths.map((path) => ({ kind: "file", of: "guest", path }));

/** The names of one kind that a problem is about. */
export const namesIn = ({ about }: About, kind: NamedKind): readonly string[] =>
  about.flatMap((subject) => (subject.kind === kind ? [subject.name] : []));

export const mountsIn = ({ about }: About): readonly MountSubject[] =>
  about.filter((subject) => subject.kind === "mount");
