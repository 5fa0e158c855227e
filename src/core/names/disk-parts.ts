// SPDX-License-Identifier: Apache-2.0
// A disk's partitions by number, and whether a link of udev carries its serial number. Pure.
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";
import { findNode } from "../storage/graph.ts";

/** null: the disk has no such partition. Without a number it is the disk itself. */
export function partOf(graph: BlockGraph, disk: NodeId, partition: number | null): NodeId | null {
  if (partition === null) return disk;
  const parts = graph.edges.filter(({ to }) => to === disk).map(({ from }) => findNode(graph, from));
  const part = parts.find((node) => node?.holds.kind === "partition" && node.holds.number === partition);
  return part?.id ?? null;
}

/** Shorter ones end a link by chance. */
const MIN_SERIAL = 4;

function serialOf({ holds }: BlockNode): string | null {
  const serial = holds.kind === "disk" ? (holds.serial ?? "").trim().replaceAll(/\s+/g, "_") : "";
  return serial.length >= MIN_SERIAL ? serial : null;
}

/** by-id is BUS-MODEL_SERIAL, blanks as `_` (udev's 60-persistent-storage.rules); by-path names a connector, and no serial. */
export function hasSerial(disk: BlockNode, link: string): boolean {
  const serial = serialOf(disk);
  return serial !== null && link.endsWith(serial);
}

/** Links that end with a serial number: the disk has another one. World wide names and paths say nothing of it. */
export function lacksSerial(disk: BlockNode, link: string): boolean {
  const serial = serialOf(disk);
  return (
    serial !== null && /^(?:ata|usb|virtio)-|^nvme-(?!eui\.|nvme\.)/.test(link) && !link.includes(serial)
  );
}
