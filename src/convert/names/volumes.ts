// SPDX-License-Identifier: Apache-2.0
// What a device name in the guest's files meant on the old machine, and the stable name of the same volume. Pure.
import {
  type BlockGraph,
  type BlockNode,
  contentOf,
  findNode,
  type GuestOS,
  type Intent,
  isHardwareName,
  type NodeId,
  onlyBelow,
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

export type Volumes = {
  named(spec: string): Named;
  /** Is there a volume with this UUID on the given disks? */
  hasUuid(uuid: string): boolean;
  /** `UUID=...` of what lies on a node; null where it has none, a strange one, or one that is there twice. */
  uuidOf(node: BlockNode): string | null;
};

export function readVolumes(guest: GuestOS, intent: Intent): Volumes {
  const graph = intent.storage;
  const counts = new Map<string, number>();
  for (const { holds } of graph.nodes)
    if (holds.kind === "filesystem" || holds.kind === "swap" || holds.kind === "luks")
      counts.set(holds.uuid.toLowerCase(), (counts.get(holds.uuid.toLowerCase()) ?? 0) + 1);
  return {
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
  };
}

function partitionOf(graph: BlockGraph, node: BlockNode): BlockNode | null {
  if (node.holds.kind === "partition") return node;
  const below = onlyBelow(graph, node.id);
  return below?.holds.kind === "partition" ? below : null;
}
