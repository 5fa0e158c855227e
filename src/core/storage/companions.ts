// SPDX-License-Identifier: Apache-2.0
// Volumes that belong to a file system beside the one it lies on: its log on another volume, the other devices of a btrfs. Pure.
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";

export type Companions =
  /** It needs these too, in the graph's order; mostly none. */
  | { readonly kind: "here"; readonly log: NodeId | null; readonly devices: readonly NodeId[] }
  /** Some are not on the given disks. */
  | { readonly kind: "missing"; readonly why: string };

export function companionsOf(graph: BlockGraph, { id, holds }: BlockNode): Companions {
  if (holds.kind !== "filesystem") return NONE;
  if (holds.realtime === true)
    return {
      kind: "missing",
      why: "its realtime device is not known: nothing on the disks tells which it is",
    };
  if (holds.externalLog !== undefined) return logOf(graph, holds.externalLog);
  if (holds.devices === undefined) return NONE;
  if (isOldDevice(graph, { id, holds }))
    return { kind: "missing", why: "it is an old device of a btrfs, which was left behind" };
  const members = membersOf(graph, holds.uuid);
  const owns = new Set(members.map((one) => one.holds.devices?.own));
  const { count } = holds.devices;
  if (owns.size !== members.length)
    return {
      kind: "missing",
      why: `a device of it is there twice (${members.map((one) => one.id).join(", ")})`,
    };
  if (members.length < count) {
    const ids = Array.from({ length: Math.min(count, MAX_DEVICES) }, (_, index) => index + 1);
    const lost = ids.filter((one) => !owns.has(one));
    // Numbers have gaps where devices were removed or replaced.
    const which = lost.length === count - members.length ? ` (devid ${lost.join(", ")})` : "";
    return {
      kind: "missing",
      why: `it is a btrfs over ${count} devices, and ${count - members.length} of them ${count - members.length === 1 ? "is" : "are"} not given${which}`,
    };
  }
  return { kind: "here", log: null, devices: members.flatMap((one) => (one.id === id ? [] : [one.id])) };
}

const NONE: Companions = { kind: "here", log: null, devices: [] };
const MAX_DEVICES = 256;

function logOf(graph: BlockGraph, uuid: string): Companions {
  const [log, ...more] = graph.nodes.filter(
    ({ holds }) => holds.kind === "opaque" && holds.logUuid?.toLowerCase() === uuid.toLowerCase(),
  );
  if (log === undefined) return { kind: "missing", why: "its log lies on a volume that is not given" };
  if (more.length > 0)
    return {
      kind: "missing",
      why: `its log is there twice (${[log, ...more].map(({ id }) => id).join(", ")})`,
    };
  return { kind: "here", log: log.id, devices: [] };
}

type Member = BlockNode & { readonly holds: Extract<BlockNode["holds"], { kind: "filesystem" }> };

/** Without those that were left behind. */
function membersOf(graph: BlockGraph, uuid: string): readonly Member[] {
  const all = allDevices(graph, uuid);
  return all.filter((one) => !isBehind(one.holds, all));
}

function allDevices({ nodes }: BlockGraph, uuid: string): readonly Member[] {
  return nodes.filter(
    (node): node is Member =>
      node.holds.kind === "filesystem" && node.holds.type === "btrfs" && node.holds.uuid === uuid,
  );
}

/** Another device with its number has newer metadata: it was replaced, or dropped out, and is still in the machine. */
export function isOldDevice(graph: BlockGraph, { holds }: Pick<BlockNode, "id" | "holds">): boolean {
  if (holds.kind !== "filesystem" || holds.devices === undefined) return false;
  return isBehind(holds, allDevices(graph, holds.uuid));
}

const isBehind = ({ devices }: Member["holds"], all: readonly Member[]): boolean =>
  all.some(
    ({ holds: { devices: other } }) =>
      devices !== undefined && other?.own === devices.own && other.generation > devices.generation,
  );

/** The members of a btrfs all have its UUID and label: they are one file system, told by the first. */
export function oneOfEachBtrfs(nodes: readonly BlockNode[]): readonly BlockNode[] {
  const seen = new Set<string>();
  return nodes.filter(({ holds }) => {
    if (holds.kind !== "filesystem" || holds.type !== "btrfs") return true;
    const isFirst = !seen.has(holds.uuid);
    seen.add(holds.uuid);
    return isFirst;
  });
}

/** Is it a device of a btrfs of which another device comes first in the graph? */
export function isLaterDevice(graph: BlockGraph, { id, holds }: BlockNode): boolean {
  if (holds.kind !== "filesystem" || holds.devices === undefined) return false;
  return membersOf(graph, holds.uuid)[0]?.id !== id;
}
