// SPDX-License-Identifier: Apache-2.0
// What a device name in the guest's files meant on the old machine, and the stable name of the same volume. Pure.
import {
  type BlockGraph,
  type BlockNode,
  companionsOf,
  contentOf,
  findNode,
  type GuestOS,
  type Intent,
  isLaterDevice,
  isHardwareName,
  type NodeId,
  onlyBelow,
  parseDeviceSpec,
  resolveSpec,
} from "../../core/index.ts";

export type Named =
  /** A name that is right on every machine (UUID=, a volume of LVM), or no disk at all (tmpfs, /dev/sr0). */
  | { readonly kind: "stable" }
  | { readonly kind: "volume"; readonly node: BlockNode; readonly partition: BlockNode | null }
  /** A name of this hardware; none of the given disks has it. */
  | { readonly kind: "absent" }
  /** A name of this hardware that several of the given disks may have had. */
  | { readonly kind: "unclear"; readonly nodes: readonly NodeId[] };

export type NamedVolume = Extract<Named, { kind: "volume" }>;

export type Volumes = {
  named(spec: string): Named;
  /** Is there a volume with this UUID on the given disks? */
  hasUuid(uuid: string): boolean;
  /** `UUID=...` of what lies on a node; null where it has none, a strange one, or one that is there twice. */
  uuidOf(node: BlockNode): string | null;
  /** A node as what a name means. */
  volumeOf(id: NodeId): NamedVolume | null;
  /** Is it seen on the given disks? */
  sees(thing: Thing): boolean;
  /** Is it on none of the given disks for certain? Not so where parts of them cannot be looked into. */
  lacks(thing: Thing): boolean;
  /** What lies on the device that a name of any kind means; null: absent or unclear. */
  nodeOf(spec: string): BlockNode | null;
  /** The volume that a file system keeps its log on; null: it has its own, or that volume is not here. */
  logOf(node: BlockNode): NamedVolume | null;
};

/** What a word of a kernel names besides devices. */
export type Thing =
  /** A UUID, a label, a volume; names that no disk tells are never lacked. */
  | { readonly kind: "device"; readonly spec: string }
  /** A volume group of LVM. */
  | { readonly kind: "group"; readonly name: string }
  /** A software RAID, by its UUID in any spelling. */
  | { readonly kind: "array"; readonly uuid: string }
  /** An encrypted volume, by the beginning of its UUID. */
  | { readonly kind: "luks"; readonly uuid: string };

export function readVolumes(guest: GuestOS, intent: Intent): Volumes {
  const graph = intent.storage;
  const counts = new Map<string, number>();
  for (const node of graph.nodes) {
    const { holds } = node;
    if (isLaterDevice(graph, node)) continue; // all devices of a btrfs have its UUID
    if (holds.kind === "filesystem" || holds.kind === "swap" || holds.kind === "luks")
      counts.set(holds.uuid.toLowerCase(), (counts.get(holds.uuid.toLowerCase()) ?? 0) + 1);
  }
  const isOpen = isAllSeen(graph);
  return {
    volumeOf(id) {
      const node = findNode(graph, id);
      return node === null ? null : { kind: "volume", node, partition: partitionOf(graph, node) };
    },
    sees: (thing) => isThere(thing, guest, graph),
    lacks: (thing) => isOpen && !isThere(thing, guest, graph),
    named(spec) {
      if (!isHardwareName(spec)) return { kind: "stable" };
      const mounted = guest.mounts.find((mount) => mount.spec === spec && mount.node !== null)?.node ?? null;
      const found = resolveSpec(graph, spec, guest.names);
      if (mounted === null && found.kind === "unclear") return found;
      const id = mounted !== null ? contentOf(graph, mounted) : found.kind === "found" ? found.node : null;
      const node = id === null ? null : findNode(graph, id);
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
    nodeOf(spec) {
      const id = resolveSpec(graph, spec, guest.names);
      return id.kind === "found" ? findNode(graph, id.node) : null;
    },
    logOf(node) {
      const found = companionsOf(graph, node);
      const log = found.kind === "here" && found.log !== null ? findNode(graph, found.log) : null;
      return log === null ? null : { kind: "volume", node: log, partition: partitionOf(graph, log) };
    },
  };
}

/** The link that udev makes for what lies there, else for its partition: a journal or a raw key has no UUID of its own. */
export function linkOf({ node, partition }: NamedVolume, volumes: Pick<Volumes, "uuidOf">): string | null {
  const uuid = volumes.uuidOf(node);
  if (uuid !== null) return `/dev/disk/by-uuid/${uuid}`;
  const id = partition?.holds.kind === "partition" ? partition.holds.uuid : null;
  return id !== null && /^[0-9A-Za-z-]{4,40}$/.test(id) ? `/dev/disk/by-partuuid/${id}` : null;
}

function partitionOf(graph: BlockGraph, node: BlockNode): BlockNode | null {
  if (node.holds.kind === "partition") return node;
  const below = onlyBelow(graph, node.id);
  return below?.holds.kind === "partition" ? below : null;
}

/** Is there nothing on the disks whose inside is not in the graph? */
function isAllSeen({ nodes, edges }: BlockGraph): boolean {
  const below = new Set(edges.map(({ to }) => to));
  return nodes.every(({ id, holds }) => {
    switch (holds.kind) {
      case "luks":
      case "lvm-pv":
      case "md-member":
      case "crypt":
      case "md":
        return below.has(id);
      case "opaque":
        return holds.content !== undefined;
      case "unknown":
        return false;
      case "disk":
      case "partition":
      case "filesystem":
      case "swap":
      case "lvm-lv":
        return true;
    }
  });
}

function isThere(thing: Thing, guest: GuestOS, graph: BlockGraph): boolean {
  const has = (test: (holds: BlockNode["holds"]) => boolean): boolean =>
    graph.nodes.some(({ holds }) => test(holds));
  switch (thing.kind) {
    case "device": {
      const spec = thing.spec.replace(/\/PARTNROFF=-?\d{1,3}$/, ""); // counts from that partition
      const { kind } = parseDeviceSpec(spec);
      if (kind === "other") return true;
      // md0 may be an array whose own name is another: mdadm.conf decides. crypttab gives names below /dev/mapper.
      if (kind === "array" && has((holds) => holds.kind === "md")) return true;
      if (spec.startsWith("/dev/mapper/") && has((holds) => holds.kind === "luks")) return true;
      return resolveSpec(graph, spec, guest.names).kind !== "absent";
    }
    case "group":
      return has((holds) => holds.kind === "lvm-lv" && holds.name.startsWith(`${thing.name}/`));
    case "array":
      return has(
        (holds) =>
          (holds.kind === "md" || holds.kind === "md-member") && plain(holds.uuid) === plain(thing.uuid),
      );
    case "luks":
      return has((holds) => holds.kind === "luks" && plain(holds.uuid).startsWith(plain(thing.uuid)));
  }
}

/** mdadm writes colons into a UUID, others dashes. */
const plain = (uuid: string): string => uuid.replaceAll(/[-:]/g, "").toLowerCase();
