// SPDX-License-Identifier: Apache-2.0
// The file system on a partition of a disk, by numbers. Pure.
import { type BlockGraph, contentOf, diskId, findNode, type NodeId, partitionId } from "../../core/index.ts";

/** null: there is no such partition, or no file system on it. Without a partition: on the disk itself. */
export function fileSystemOf(graph: BlockGraph, disk: number, partition: number | null): NodeId | null {
  const on = partition === null ? diskId(disk) : partitionId(diskId(disk), partition);
  const node = findNode(graph, contentOf(graph, on));
  return node?.holds.kind === "filesystem" ? node.id : null;
}
