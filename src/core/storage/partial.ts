// SPDX-License-Identifier: Apache-2.0
// Logical volumes whose group lacks physical volumes. Pure.
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";

export type PartialVolume = Required<
  Pick<Extract<BlockNode["holds"], { kind: "lvm-lv" }>, "name" | "missing">
>;

/** The one that a node lies on, or is; null: all that it lies on is whole. A hostile graph may have circles. */
export function partialVolume({ nodes, edges }: BlockGraph, id: NodeId): PartialVolume | null {
  const seen = new Set([id]);
  for (const above of seen) for (const { from, to } of edges) if (from === above) seen.add(to);
  return partialOf(nodes.filter((node) => seen.has(node.id)))[0] ?? null;
}

/** Those that lie on a missing physical volume, so that nobody knows what is in them. */
export const partialVolumes = ({ nodes }: BlockGraph): readonly PartialVolume[] =>
  partialOf(nodes).filter(({ missing }) => missing.of === "volume");

const partialOf = (nodes: readonly BlockNode[]): readonly PartialVolume[] =>
  nodes.flatMap(({ holds }) =>
    holds.kind === "lvm-lv" && holds.missing !== undefined
      ? [{ name: holds.name, missing: holds.missing }]
      : [],
  );
