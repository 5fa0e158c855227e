// SPDX-License-Identifier: Apache-2.0
// What volume groups of LVM say of free space: extents of no volume, and volumes whose contents others need.
import type { NodeId, Range } from "../../core/index.ts";
import { type FreeSpace, unknownFree } from "./free.ts";
import { assembleGroups, readPvs } from "../storage/lvm/lvm.ts";
import { type Claim, clearReader, cutSegment, segmentsOfCopies, type UsedContext } from "./volumes.ts";

export type GroupSpaces = {
  /** Extents that belong to no logical volume. */
  readonly volumes: readonly Claim[];
  /** Nodes of logical volumes whose contents others need. */
  readonly needed: ReadonlySet<NodeId>;
};

/** Reads the metadata of LVM again: the graph has no room for extents of hidden volumes. */
export async function readGroupSpaces(context: UsedContext): Promise<GroupSpaces> {
  const { graph, clear } = context;
  const pvs = graph.nodes.flatMap((node) => {
    if (node.holds.kind !== "lvm-pv") return [];
    const copies = segmentsOfCopies(graph, node.id, clear);
    const reader = clearReader(context, node);
    return copies === null || reader === null ? [] : [{ node, copies, reader }];
  });
  const labels = await readPvs(pvs.map(({ node, reader }) => ({ node: node.id, reader })));
  const { groups } = assembleGroups(labels);
  const volumes: Claim[] = [];
  const needed = new Set<NodeId>();
  const understood = new Set<NodeId>();
  for (const { group, nodes, whole } of groups) {
    for (const volume of group.volumes) {
      if (!volume.needed && whole) continue;
      for (const { id, holds } of graph.nodes)
        if (holds.kind === "lvm-lv" && holds.uuid === volume.uuid) needed.add(id);
    }
    for (const pv of group.pvs) {
      const found = pvs.find(({ node }) => node.id === nodes.get(pv.uuid));
      if (found === undefined || !whole || pv.extents.end > found.node.sizeBytes) continue;
      understood.add(found.node.id);
      const free: Range[] = [];
      let at = pv.extents.start;
      for (const taken of [...pv.taken, { start: pv.extents.end, end: pv.extents.end }]) {
        if (taken.start > at) free.push({ start: at, end: Math.min(taken.start, pv.extents.end) });
        at = Math.max(at, taken.end);
      }
      // Only the free extents are claimed; what the logical volumes take is theirs.
      const copies = found.copies.map((segments) => segments.flatMap((one) => cutSegment(one, free)));
      const all: FreeSpace = { kind: "free", ranges: free };
      volumes.push({ node: found.node, below: found.node.id, copies, free: all });
    }
  }
  for (const { node, copies } of pvs)
    if (!understood.has(node.id)) {
      const free = unknownFree("its volume group is not complete, or its metadata are not understood");
      volumes.push({ node, below: node.id, copies, free });
    }
  return { volumes, needed };
}
