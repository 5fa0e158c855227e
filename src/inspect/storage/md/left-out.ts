// SPDX-License-Identifier: Apache-2.0
// Which disks need not be sent, since all that is on them is on another disk too: mirrors of software RAID. Pure.
import {
  type BlockGraph,
  type BlockNode,
  diskId,
  diskNumberOf,
  type Holds,
  type LeftOutDisk,
  type NodeId,
  type SourceDisk,
  withinRenamed,
} from "../../../core/index.ts";

export type LeftOut = {
  /** In their order, numbered anew. */
  readonly disks: readonly SourceDisk[];
  readonly leftOut: readonly LeftOutDisk[];
  readonly graph: BlockGraph;
  /** All mirrors, with the members that are up to date and stay, by the new numbers. */
  readonly arrays: readonly { readonly name: string; readonly members: readonly NodeId[] }[];
  /** Of a node that stays, by the new numbers. */
  readonly newId: (id: NodeId) => NodeId;
  /** Where none is left out: why each disk with mirrors on it must be sent nevertheless. */
  readonly reasons: readonly string[];
};

/** As many disks as can be are left out, the last ones first. */
export function leaveOutMirrors(graph: BlockGraph, disks: readonly SourceDisk[]): LeftOut {
  let kept = disks;
  const leftOut: LeftOutDisk[] = [];
  const reasons: string[] = [];
  for (const disk of disks.toReversed()) {
    const others = kept.filter((one) => one !== disk);
    const own = nodesOf(graph, disk);
    if (!own.some(({ holds }) => holds.kind === "md-member")) continue;
    const why = own.map((node) => whyNeeded(node, graph, others)).find((one) => one !== null);
    if (why !== undefined) reasons.push(`${disk.path}: ${why}`);
    else {
      kept = others;
      leftOut.unshift({ disk, volumes: own.flatMap(lostVolume) });
    }
  }
  const numbered = kept.map((disk, index) => ({ ...disk, number: index + 1 }));
  return { disks: numbered, leftOut, reasons, ...withoutDisks(graph, { kept, leftOut }) };
}

/**
 * Disks that a firmware kept as mirrors of another one. Nothing in a VM would keep them alike, and two disks with the same UUIDs
 * are one too many: they are never sent.
 */
export function leaveOutCopies(
  graph: BlockGraph,
  disks: readonly SourceDisk[],
): Pick<LeftOut, "disks" | "leftOut" | "graph" | "newId"> {
  const isCopy = ({ number }: SourceDisk): boolean =>
    graph.nodes.some(
      ({ id, holds }) =>
        id === diskId(number) && holds.kind === "disk" && holds.firmwareRaid?.state === "copy",
    );
  const kept = disks.filter((disk) => !isCopy(disk));
  const leftOut = disks.filter(isCopy).map((disk) => ({ disk, volumes: [] }));
  const numbered = kept.map((disk, index) => ({ ...disk, number: index + 1 }));
  const { graph: fewer, newId } = withoutDisks(graph, { kept, leftOut });
  return { disks: numbered, leftOut, graph: fewer, newId };
}

const ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const isOn = (id: NodeId, { number }: SourceDisk): boolean => diskNumberOf(id) === number;
const nodesOf = (graph: BlockGraph, disk: SourceDisk): readonly BlockNode[] =>
  graph.nodes.filter(({ id }) => isOn(id, disk));

/** null: it can go. */
function whyNeeded(node: BlockNode, graph: BlockGraph, others: readonly SourceDisk[]): string | null {
  const { holds, id } = node;
  const onlyHere = `${id} is on no other disk`;
  const isThere = (member: NodeId): boolean => others.some((disk) => isOn(member, disk));
  if (holds.kind === "disk" || holds.kind === "partition" || holds.kind === "swap") return null;
  if (holds.kind === "opaque" && holds.content === "by-design") return null;
  if (holds.kind === "md-member") {
    const array = arrayOf(node, graph);
    const members = graph.edges.filter(({ from }) => from === array?.id).map(({ to }) => to);
    return members.some((member) => member !== id && isThere(member)) ? null : onlyHere;
  }
  const anotherEsp = graph.nodes.some((one) => isThere(one.id) && isEsp(one.id, graph));
  return isEsp(id, graph) && anotherEsp ? null : onlyHere;
}

/** The file system on an EFI system partition. */
function isEsp(id: NodeId, { nodes, edges }: BlockGraph): boolean {
  const below = edges.filter(({ from }) => from === id).map(({ to }) => to);
  return nodes.some(
    (node) => below.includes(node.id) && node.holds.kind === "partition" && node.holds.type === ESP,
  );
}

/** Of a member that was left behind too: its superblock still has the array's UUID. */
function arrayOf(member: BlockNode, graph: BlockGraph): BlockNode | undefined {
  const plain = (uuid: string): string => uuid.replaceAll(/[^0-9a-f]/gi, "").toLowerCase();
  const { holds } = member;
  return graph.nodes.find(
    (node) =>
      node.holds.kind === "md" &&
      node.holds.level === "raid1" &&
      (graph.edges.some(({ from, to }) => from === node.id && to === member.id) ||
        (holds.kind === "md-member" && holds.uuid !== "" && plain(node.holds.uuid) === plain(holds.uuid))),
  );
}

/** What the guest's files may name, and no mirror has. */
function lostVolume({ holds }: BlockNode): LeftOutDisk["volumes"] {
  if (holds.kind !== "swap" && holds.kind !== "filesystem") return [];
  return [{ kind: holds.kind, uuid: holds.uuid, label: holds.label }];
}

/** A woven array names its members. */
function renamed(holds: Holds, newId: (id: NodeId) => NodeId): Holds {
  if (holds.kind !== "md" || holds.weave === undefined) return holds;
  const members = holds.weave.members.map((one) => (one === null ? null : { ...one, node: newId(one.node) }));
  return { ...holds, weave: { ...holds.weave, members } };
}

type Split = { readonly kept: readonly SourceDisk[]; readonly leftOut: readonly LeftOutDisk[] };

/** The graph of the disks that stay, by their new numbers, and the mirrors in it. */
function withoutDisks(
  graph: BlockGraph,
  { kept, leftOut }: Split,
): Pick<LeftOut, "graph" | "arrays" | "newId"> {
  const isLeftOut = (id: NodeId): boolean => leftOut.some(({ disk }) => isOn(id, disk));
  const newId = (id: NodeId): NodeId => {
    const index = kept.findIndex((disk) => isOn(id, disk));
    const old = kept[index];
    return old === undefined ? id : withinRenamed(id, diskId(old.number), diskId(index + 1));
  };
  const edges = graph.edges.filter(({ from, to }) => !isLeftOut(from) && !isLeftOut(to));
  const arrays = graph.nodes.flatMap(({ id, holds }) =>
    holds.kind === "md" && holds.level === "raid1"
      ? [{ name: holds.name, members: edges.filter(({ from }) => from === id).map(({ to }) => newId(to)) }]
      : [],
  );
  return {
    arrays,
    newId,
    graph: {
      nodes: graph.nodes
        .filter(({ id }) => !isLeftOut(id))
        .map((node) => ({ ...node, id: newId(node.id), holds: renamed(node.holds, newId) })),
      edges: edges.map((edge) => ({ ...edge, from: newId(edge.from), to: newId(edge.to) })),
    },
  };
}
