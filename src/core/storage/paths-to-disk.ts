// SPDX-License-Identifier: Apache-2.0
// One disk that the machine reaches by several paths: each path is a block device of its own, with the same bytes. Pure.
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";

/**
 * The first path's node, and all paths of its disk, in order. Two devices are one disk where name in the world, serial number, sizes and
 * partitions are equal: there are disks and bridges that all tell one name. What dm-multipath joined already is left to it.
 */
export function pathsToDisks(storage: BlockGraph): ReadonlyMap<NodeId, readonly BlockNode[]> {
  const kinds = new Map(storage.nodes.map(({ id, holds }) => [id, holds.kind]));
  const joined = new Set(storage.edges.flatMap(({ from, to }) => (kinds.get(from) === "disk" ? [to] : [])));
  const single = storage.nodes.filter(({ id, holds }) => isNamed(holds) && !joined.has(id));
  const groups = Map.groupBy(single, (node) => identity(node, storage));
  return new Map(
    [...groups.values()].flatMap((nodes) => {
      const [first] = nodes;
      return first === undefined || nodes.length === 1 ? [] : [[first.id, nodes] as const];
    }),
  );
}

/** Device nodes that are only another path to a disk that stands before them. */
export function furtherPaths(storage: BlockGraph): ReadonlySet<string> {
  return new Set([...pathsToDisks(storage).values()].flatMap(([, ...more]) => more.map(({ path }) => path)));
}

const isNamed = (holds: BlockNode["holds"]): boolean => holds.kind === "disk" && holds.wwid !== undefined;

function identity({ id, sizeBytes, sectorBytes, holds }: BlockNode, { nodes, edges }: BlockGraph): string {
  const above = new Set(edges.flatMap(({ from, to }) => (to === id ? [from] : [])));
  const partitions = nodes.flatMap((node) =>
    above.has(node.id) && node.holds.kind === "partition"
      ? [[node.holds.number, node.holds.uuid, node.sizeBytes]]
      : [],
  );
  const own = holds.kind === "disk" ? [holds.wwid, holds.serial, holds.table] : [];
  return JSON.stringify([own, sizeBytes, sectorBytes, partitions]);
}
