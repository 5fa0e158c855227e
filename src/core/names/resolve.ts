// SPDX-License-Identifier: Apache-2.0
// Which node a device specification names. Stable names are looked up in the graph; for names that follow from the old
// machine's hardware the answer is as good as the evidence, and says what it rests on. Pure.
import { contentOf, findNode } from "../storage/graph.ts";
import { diskId } from "../storage/node-id.ts";
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";
import { type DeviceSpec, type HardwareDisk, parseDeviceSpec } from "./device-spec.ts";

/** What tells which of the given disks the old machine called what. */
export type NameEvidence = {
  /** Disks whose old name is known, by `diskKey`. */
  readonly known: ReadonlyMap<string, NodeId>;
  /** The family of names that counts the given disks in their order; `any`: each does. */
  readonly ordered: "any" | { readonly family: string | null };
  /** Kinds of names that mean the only given disk, where only one is given. */
  readonly only: ReadonlySet<HardwareDisk["by"]>;
};

/** Names by order count the given disks. */
export const NO_EVIDENCE: NameEvidence = { known: new Map(), ordered: "any", only: new Set() };

/** `node` is what lies on the named device: a file system, swap, LUKS; the device itself where nothing lies on it. */
export type Resolved = {
  readonly node: NodeId;
  /** `name`: the disks themselves say so. `serial`: udev's link ends with the disk's. */
  readonly because: "name" | "known" | "serial" | "order" | "only-disk";
};

/** null: none of the given disks. */
export function resolveSpec(
  graph: BlockGraph,
  spec: string,
  evidence: NameEvidence = NO_EVIDENCE,
): Resolved | null {
  const parsed = parseDeviceSpec(spec);
  if (parsed.kind !== "hardware") {
    const node = findStable(graph, parsed);
    return node === null ? null : { node: contentOf(graph, node.id), because: "name" };
  }
  const found = findDisk(graph, parsed.disk, evidence);
  const place = found === null ? null : partOf(graph, found.disk, parsed.partition);
  return found === null || place === null ? null : { node: contentOf(graph, place), because: found.because };
}

/** The same where nothing but the graph is known. */
export function findSpec(graph: BlockGraph, spec: string): NodeId | null {
  return resolveSpec(graph, spec)?.node ?? null;
}

/** One for each disk of the old machine and kind of name. */
export function diskKey(disk: HardwareDisk): string {
  return disk.by === "order" ? `order:${disk.family}:${disk.index}` : `${disk.by}:${disk.name}`;
}

function findStable(graph: BlockGraph, spec: Exclude<DeviceSpec, { kind: "hardware" }>): BlockNode | null {
  const find = (test: (node: BlockNode) => boolean): BlockNode | null => graph.nodes.find(test) ?? null;
  switch (spec.kind) {
    case "tag":
      return find((node) => hasTag(node, spec));
    case "volume":
      return find(({ holds }) => holds.kind === "lvm-lv" && holds.name === spec.name);
    case "volume-uuid":
      return find(({ holds }) => holds.kind === "lvm-lv" && holds.uuid.replaceAll("-", "") === spec.uuid);
    case "array":
      return find(({ holds }) => holds.kind === "md" && holds.name === spec.name);
    case "other":
      return null;
  }
}

function hasTag({ holds }: BlockNode, { tag, value }: Extract<DeviceSpec, { kind: "tag" }>): boolean {
  const isValue = (text: string | null): boolean => text?.toLowerCase() === value.toLowerCase();
  switch (tag) {
    case "UUID":
      return "uuid" in holds && holds.kind !== "partition" && isValue(holds.uuid);
    case "LABEL":
      return "label" in holds && holds.label === value;
    case "PARTUUID":
      return holds.kind === "partition" && isValue(holds.uuid);
    case "PARTLABEL":
      return holds.kind === "partition" && holds.name === value;
  }
}

type FoundDisk = { readonly disk: NodeId; readonly because: Resolved["because"] };

function findDisk(graph: BlockGraph, wanted: HardwareDisk, evidence: NameEvidence): FoundDisk | null {
  const known = evidence.known.get(diskKey(wanted));
  if (known !== undefined) return { disk: known, because: "known" };
  const disks = graph.nodes.filter(({ holds }) => holds.kind === "disk");
  if (wanted.by === "order") {
    const disk = diskId(wanted.index + 1);
    const { ordered } = evidence;
    const counts = ordered === "any" || ordered.family === wanted.family;
    // What is known by another name of the kind is not this disk.
    const isOther = [...evidence.known].some(([key, node]) => key.startsWith("order:") && node === disk);
    if (counts && !isOther && disks.some(({ id }) => id === disk)) return { disk, because: "order" };
  } else {
    const disk = disks.find((node) => hasSerial(node, wanted.name));
    if (disk !== undefined) return { disk: disk.id, because: "serial" };
  }
  const [only, ...others] = disks;
  return only !== undefined && others.length === 0 && evidence.only.has(wanted.by)
    ? { disk: only.id, because: "only-disk" }
    : null;
}

/** by-id is BUS-MODEL_SERIAL, blanks as `_` (udev's 60-persistent-storage.rules); by-path names a connector, and no serial. */
function hasSerial({ holds }: BlockNode, name: string): boolean {
  const serial = holds.kind === "disk" ? (holds.serial ?? "").trim().replaceAll(/\s+/g, "_") : "";
  return serial.length >= 4 && name.endsWith(serial);
}

function partOf(graph: BlockGraph, disk: NodeId, partition: number | null): NodeId | null {
  if (partition === null) return disk;
  const parts = graph.edges.filter(({ to }) => to === disk).map(({ from }) => findNode(graph, from));
  const part = parts.find((node) => node?.holds.kind === "partition" && node.holds.number === partition);
  return part?.id ?? null;
}
