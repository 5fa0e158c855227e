// SPDX-License-Identifier: Apache-2.0
// Partitions on a disk, or within an array, as nodes of the graph with what they hold.
import { type BlockNode, makeProblem, named, partitionId } from "../../core/index.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { Content } from "./probe.ts";
import { partReader, type Reader } from "./reader.ts";
import { findOverlapping } from "./table/table.ts";
import type { TablePartition } from "./table/types.ts";

type Partitions = {
  /** The disk or array. */
  readonly on: BlockNode;
  readonly partitions: readonly TablePartition[];
  readonly reader: Reader;
  /** What lies at `start` of it, so many bytes long. */
  readonly probe: (start: number, length: number) => Promise<Content>;
};

export async function addPartitions(
  graph: GraphBuilder,
  { on, partitions, reader, probe }: Partitions,
): Promise<void> {
  const { id, path, sizeBytes, sectorBytes } = on;
  const overlapping = findOverlapping(partitions);
  if (overlapping.size > 0)
    graph.problems.push(
      makeProblem("partitions-overlap", {
        about: named("disk", path),
        text: `${path}: partitions ${[...overlapping].toSorted((a, b) => a - b).join(", ")} overlap`,
        advice: "They are copied whole, every byte once",
      }),
    );
  for (const part of partitions) {
    const size = Math.min(part.end, sizeBytes) - part.start;
    const { number, type, uuid, bootable } = part;
    const node: BlockNode = {
      path,
      sectorBytes,
      id: partitionId(id, number),
      sizeBytes: size,
      holds: { kind: "partition", number, type, uuid, bootable, ...(part.name ? { name: part.name } : {}) },
    };
    graph.addPart(node, id, part.start);
    if (part.extended) continue;
    await graph.addContent(node, await probe(part.start, size), partReader(reader, part.start, size));
  }
}
