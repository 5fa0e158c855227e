// SPDX-License-Identifier: Apache-2.0
// Ids of the nodes of a block graph. They are made here and read here, nowhere else. Pure.
// A source: `disk:1`, `disk:1/part:2`; a running machine: `disk:sda`, `part:sda2`, `dm:dm-3`, `loop:loop0`; volumes on
// both: `lv:vg0/root`, `md:md0`. What a node holds is named after it: `disk:1/part:2/fs`, `lv:vg0/luks/luks/crypt`.
import type { Holds, NodeId } from "../machine.ts";

/** Of a source disk by its number, of a running machine by the kernel's name. */
export const diskId = (disk: number | string): NodeId => `disk:${disk}`;

export const partitionId = (disk: NodeId, number: number): NodeId => `${disk}/part:${number}`;

/** `name` is `VG/LV`. */
export const volumeId = (name: string): NodeId => `lv:${name}`;

export const arrayId = (name: string): NodeId => `md:${name}`;

/** What the kernel of a running machine calls a device that is neither a disk nor a volume with a name of its own. */
export const deviceId = (kind: "part" | "dm" | "loop", kernelName: string): NodeId => `${kind}:${kernelName}`;

/** Where an id is taken already: `of` tells the two apart. */
export const otherId = (id: NodeId, of: string): NodeId => `${id}@${of}`;

/** What lies on a node. */
export function contentId(on: NodeId, { kind }: Holds): NodeId {
  return `${on}/${SHORT[kind] ?? kind}`;
}

const SHORT: Partial<Record<Holds["kind"], string>> = {
  filesystem: "fs",
  "lvm-pv": "pv",
  "md-member": "md",
};

/** Is it this node, or named after it: a partition of a disk, a content of a volume? */
export function isWithin(id: NodeId, outer: NodeId): boolean {
  return id === outer || id.startsWith(`${outer}/`);
}

/** The id of a node within `from` when that is called `to`. */
export function withinRenamed(id: NodeId, from: NodeId, to: NodeId): NodeId {
  if (!isWithin(id, from)) throw new RangeError(`${id} is not within ${from}`);
  return `${to}${id.slice(from.length)}`;
}

/** The number of the source disk that a node is within; null: a volume, which may lie on several. */
export function diskNumberOf(id: NodeId): number | null {
  const number = /^disk:(\d{1,15})(?:\/|$)/.exec(id)?.[1];
  return number === undefined ? null : Number(number);
}
