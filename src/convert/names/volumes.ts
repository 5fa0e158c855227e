// SPDX-License-Identifier: Apache-2.0
// What a device name in the guest's files meant on the old machine, and the stable name of the same volume. Pure.
import {
  type BlockGraph,
  type BlockNode,
  findNode,
  type GuestOS,
  type Intent,
  type NodeId,
  parseDeviceName,
  parseMultipathName,
} from "../../core/index.ts";

export type Named =
  /** A name that is right on every machine (UUID=, a volume of LVM), or no disk at all (tmpfs, /dev/sr0). */
  | { readonly kind: "stable" }
  | { readonly kind: "volume"; readonly node: BlockNode; readonly partition: BlockNode | null }
  /** A name of this hardware; none of the given disks has it. */
  | { readonly kind: "absent" };

export type Volumes = {
  named(spec: string): Named;
  /** Is there a volume with this UUID on the given disks? */
  hasUuid(uuid: string): boolean;
  /** `UUID=...` of what lies on a node; null where it has none, a strange one, or one that is there twice. */
  uuidOf(node: BlockNode): string | null;
};

export function readVolumes(guest: GuestOS, intent: Intent): Volumes {
  const graph = intent.storage;
  const learned = learnDisks(guest, graph);
  const counts = new Map<string, number>();
  for (const { holds } of graph.nodes)
    if (holds.kind === "filesystem" || holds.kind === "swap" || holds.kind === "luks")
      counts.set(holds.uuid.toLowerCase(), (counts.get(holds.uuid.toLowerCase()) ?? 0) + 1);
  return {
    named(spec) {
      if (!isHardwareName(spec)) return { kind: "stable" };
      const mount = guest.mounts.find((one) => one.spec === spec && one.node !== null);
      const place = mount?.node ?? findPlace(spec, graph, learned);
      const node = place === null ? null : findNode(graph, contentOf(graph, place));
      return node === null
        ? { kind: "absent" }
        : { kind: "volume", node, partition: partitionOf(graph, node) };
    },
    hasUuid: (uuid) => counts.has(uuid.toLowerCase()),
    uuidOf({ holds }) {
      if (holds.kind !== "filesystem" && holds.kind !== "swap" && holds.kind !== "luks") return null;
      if (!/^[0-9A-Za-z][0-9A-Za-z-]{3,63}$/.test(holds.uuid)) return null;
      return counts.get(holds.uuid.toLowerCase()) === 1 ? holds.uuid : null;
    },
  };
}

/** Names that follow from the hardware: by order, by serial number, by connector, by multipath. Names of removable drives are none. */
export function isHardwareName(spec: string): boolean {
  if (/^\/dev\/disk\/by-(id|path)\/(dm-|lvm-|md-)/.test(spec)) return false; // these hold UUIDs
  if (/^\/dev\/disk\/by-(id|path)\//.test(spec)) return true;
  if (parseMultipathName(spec) !== null) return true; // a disk of the VM has one path
  const name = parseDeviceName(spec);
  return name !== null && name.family !== "md";
}

type Learned = ReadonlyMap<string, NodeId>;

/** `sdb` is the disk on which fstab's /dev/sdb1 was found: a stick may have been /dev/sda. */
function learnDisks(guest: GuestOS, graph: BlockGraph): Learned {
  const learned = new Map<string, NodeId>();
  for (const { spec, node } of guest.mounts) {
    const name = parseDeviceName(spec);
    const disk = node === null || name === null ? null : diskBelow(graph, node);
    if (name !== null && disk !== null) learned.set(`${name.family}:${name.disk}`, disk);
  }
  return learned;
}

function findPlace(spec: string, graph: BlockGraph, learned: Learned): NodeId | null {
  const disks = graph.nodes.filter((node) => node.holds.kind === "disk");
  const link = /^\/dev\/disk\/by-(?:id|path)\/(.+?)(?:-part(\d{1,3}))?$/.exec(spec);
  if (link !== null) {
    // by-id is BUS-MODEL_SERIAL (udev's 60-persistent-storage.rules); by-path names a connector, which nobody can know.
    const disk = disks.find(
      ({ holds }) => holds.kind === "disk" && endsWithSerial(link[1] ?? "", holds.serial),
    );
    return disk === undefined ? null : partOf(graph, disk.id, link[2] === undefined ? null : Number(link[2]));
  }
  const paths = parseMultipathName(spec);
  if (paths !== null) {
    const own = disks.find(({ holds }) => holds.kind === "disk" && endsWithSerial(paths.disk, holds.serial));
    const disk = own ?? (disks.length === 1 ? disks[0] : undefined); // which of several nobody can tell
    return disk === undefined ? null : partOf(graph, disk.id, paths.partition);
  }
  const name = parseDeviceName(spec);
  if (name === null) return null;
  const known = learned.get(`${name.family}:${name.disk}`);
  const byOrder = disks[name.disk]?.id;
  const disk = known ?? ([...learned.values()].includes(byOrder ?? "") ? undefined : byOrder);
  return disk === undefined ? null : partOf(graph, disk, name.partition);
}

function endsWithSerial(id: string, serial: string | null): boolean {
  const plain = serial?.trim().replaceAll(/\s+/g, "_") ?? "";
  return plain.length >= 4 && id.endsWith(plain);
}

function partOf(graph: BlockGraph, disk: NodeId, partition: number | null): NodeId | null {
  if (partition === null) return disk;
  const parts = graph.edges.filter((edge) => edge.to === disk).map((edge) => findNode(graph, edge.from));
  return (
    parts.find((node) => node?.holds.kind === "partition" && node.holds.number === partition)?.id ?? null
  );
}

const CONTENT = new Set(["filesystem", "swap", "luks", "lvm-pv", "md-member"]);

/** The file system, swap or LUKS on a partition or volume; the node itself where nothing lies on it. */
function contentOf(graph: BlockGraph, id: NodeId): NodeId {
  if (CONTENT.has(findNode(graph, id)?.holds.kind ?? "")) return id;
  const above = graph.edges.filter((edge) => edge.to === id).map((edge) => edge.from);
  return above.find((one) => CONTENT.has(findNode(graph, one)?.holds.kind ?? "")) ?? id;
}

function partitionOf(graph: BlockGraph, node: BlockNode): BlockNode | null {
  if (node.holds.kind === "partition") return node;
  const below = graph.edges.filter((edge) => edge.from === node.id);
  if (below.length !== 1) return null;
  const only = findNode(graph, below[0]?.to ?? "");
  return only?.holds.kind === "partition" ? only : null;
}

function diskBelow(graph: BlockGraph, id: NodeId): NodeId | null {
  let at = findNode(graph, id);
  for (let depth = 0; at !== null && depth < 8; depth += 1) {
    if (at.holds.kind === "disk") return at.id;
    const below: NodeId | undefined = graph.edges.find((edge) => edge.from === at?.id)?.to;
    at = below === undefined ? null : findNode(graph, below);
  }
  return null;
}
