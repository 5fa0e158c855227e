// SPDX-License-Identifier: Apache-2.0
// Woven arrays: their readers, and the data of their members, of which may be lost what the array calls free.
import { type BlockGraph, findNode, type NodeId, type Weave, wovenNodes } from "../../core/index.ts";
import type { Reader } from "../storage/reader.ts";
import { clearReader, cutSegment, segmentsOfCopies, type Volume } from "./volumes.ts";
import { weaveReader } from "../storage/md/weave-reader.ts";

/** The data of each member of a woven array that is here. */
export type WovenMember = Volume & { readonly array: NodeId; readonly weave: Weave };

export function wovenMembers(
  graph: BlockGraph,
  readers: ReadonlyMap<NodeId, Reader>,
): readonly WovenMember[] {
  return [...wovenNodes(graph)].flatMap(([array, weave]) =>
    weave.members.flatMap((member) => {
      const node = member === null ? null : findNode(graph, member.node);
      const copies = node === null ? null : segmentsOfCopies(graph, node.id, readers);
      if (member === null || node === null || copies === null) return [];
      const data = { start: member.start, end: member.start + weave.memberBytes };
      const cut = copies.map((segments) =>
        segments
          .flatMap((one) => cutSegment(one, [data]))
          .map((one) => ({ ...one, from: one.from - member.start })),
      );
      return [{ node, below: node.id, copies: cut, array, weave }];
    }),
  );
}

/** Readers of woven arrays, added to those of the disks. */
export function withWoven(
  graph: BlockGraph,
  disks: ReadonlyMap<NodeId, Reader>,
): ReadonlyMap<NodeId, Reader> {
  const readers = new Map(disks);
  for (const [id, weave] of wovenNodes(graph)) {
    const members = weave.members.map((member) => {
      const node = member === null ? null : findNode(graph, member.node);
      return node === null ? null : clearReader({ graph, clear: disks }, node);
    });
    if (weave.members.every((member, index) => member === null || members[index] !== null))
      readers.set(id, weaveReader(weave, members));
  }
  return readers;
}
