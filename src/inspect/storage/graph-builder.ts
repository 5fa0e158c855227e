// SPDX-License-Identifier: Apache-2.0
// The block graph while it is put together: nodes, edges, problems, and what still is to be opened.
import {
  type BlockEdge,
  type BlockNode,
  contentId,
  type Holds,
  type LuksKey,
  type NodeId,
  type Problem,
} from "../../core/index.ts";
import { contentHolds } from "./content.ts";
import { readFilesystemFacts } from "./filesystem-facts.ts";
import type { Content } from "./probe.ts";
import type { Reader } from "./reader.ts";

/** The graph while it grows; lists are of what may hold more, in the order in which it was found. */
export class GraphBuilder {
  readonly nodes: BlockNode[] = [];
  readonly edges: BlockEdge[] = [];
  readonly problems: Problem[] = [];
  readonly pvs: { node: NodeId; reader: Reader }[] = [];
  /** UUIDs of all LUKS volumes that were looked at; which keys were tried, and which opened something. */
  readonly luksSeen: string[] = [];
  readonly triedKeys = new Set<LuksKey>();
  readonly usedKeys = new Set<LuksKey>();
  readonly luks: { node: BlockNode; reader: Reader }[] = [];
  readonly members: { node: NodeId; reader: Reader }[] = [];

  /** Takes over what was found on a disk that was looked at apart. */
  merge(other: GraphBuilder): void {
    this.nodes.push(...other.nodes);
    this.edges.push(...other.edges);
    this.problems.push(...other.problems);
    this.pvs.push(...other.pvs);
    this.luks.push(...other.luks);
    this.members.push(...other.members);
  }

  /** A node that is one run of bytes of the node below it. */
  addPart(node: BlockNode, below: NodeId, start: number): void {
    this.nodes.push(node);
    const map = [{ from: 0, to: start, length: node.sizeBytes }];
    this.edges.push({ from: node.id, to: below, map });
  }

  /** What a volume holds, as a node of its own above it. */
  async addContent(volume: BlockNode, content: Content, reader: Reader): Promise<void> {
    const partitionType = volume.holds.kind === "partition" ? volume.holds.type : null;
    const holds = contentHolds(content, partitionType);
    const node = this.addHolds(
      volume,
      holds.kind === "filesystem" ? { ...holds, ...(await readFilesystemFacts(holds.type, reader)) } : holds,
    );
    // A physical volume inside a logical one belongs to a machine inside this machine.
    if (node.holds.kind === "lvm-pv" && volume.holds.kind !== "lvm-lv")
      this.pvs.push({ node: node.id, reader });
    if (node.holds.kind === "luks") this.luks.push({ node, reader });
    const onDisk = volume.holds.kind === "disk" || volume.holds.kind === "partition";
    if (node.holds.kind === "md-member" && onDisk) this.members.push({ node: node.id, reader });
  }

  addHolds(volume: BlockNode, holds: Holds): BlockNode {
    const node = { ...volume, id: contentId(volume.id, holds), holds };
    this.addPart(node, volume.id, 0);
    return node;
  }
}
