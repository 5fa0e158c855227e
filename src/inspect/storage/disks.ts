// SPDX-License-Identifier: Apache-2.0
// Each disk with its table, its partitions and what they hold; disks of a RAID that a firmware made are told apart first.
import {
  type BlockNode,
  diskId,
  type FirmwareRaid,
  type Holds,
  makeProblem,
  named,
  type NodeId,
  partitionId,
  type SourceDisk,
  UserError,
} from "../../core/index.ts";
import { raidProblems, titleOf } from "./firmware-raid/words.ts";
import { mirrorOn, type Settled, settleFirmwareRaid } from "./firmware-raid/settle.ts";
import { findFirmwareRaid, type FoundRaid } from "./firmware-raid/signatures.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { probeRange } from "./probe.ts";
import { partReader, type Reader } from "./reader.ts";
import { readDiskNames } from "./sysfs.ts";
import { findOverlapping, readTable } from "./table/table.ts";

type AddDisks = {
  readonly disks: readonly SourceDisk[];
  readonly readers: ReadonlyMap<NodeId, Reader>;
  readonly signal: AbortSignal;
};

type Looked = { readonly disk: SourceDisk; readonly found: GraphBuilder; readonly raid: FoundRaid | null };

export async function addDisks(graph: GraphBuilder, { disks, readers, signal }: AddDisks): Promise<void> {
  const looked: Looked[] = [];
  for (const disk of disks) {
    signal.throwIfAborted();
    const reader = readers.get(diskId(disk.number));
    if (reader !== undefined) looked.push(await lookAt({ disk, reader, signal }));
  }
  const settled = settleFirmwareRaid(
    looked.flatMap(({ disk, raid, found }) =>
      raid === null ? [] : [{ number: disk.number, ...raid, nodes: found.nodes }],
    ),
  );
  for (const { disk, raid, found } of looked) {
    const as = settled.get(disk.number);
    if (raid === null || as === undefined) graph.merge(found);
    else await addMember(graph, { disk, raid, found, as });
  }
  graph.problems.push(...raidProblems(graph.nodes, looked, settled));
}

async function lookAt({ disk, reader, signal }: AddDisk): Promise<Looked> {
  const raid = await findFirmwareRaid(disk.path, reader, { sectorBytes: disk.sectorBytes, signal });
  const found = new GraphBuilder();
  if (raid === null) {
    await addPlain(found, { disk, reader, signal });
    return { disk, found, raid };
  }
  // Tables end where the volume does: what is behind it belongs to the controller.
  const end = Math.min(mirrorOn(raid.metadata)?.sizeBytes ?? reader.sizeBytes, reader.sizeBytes);
  try {
    await addPlain(found, { disk, reader: partReader(reader, 0, end), signal });
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "image-truncated") throw error;
    return { disk, found: new GraphBuilder(), raid }; // its table is that of a larger volume
  }
  return { disk, found, raid };
}

type Member = {
  readonly disk: SourceDisk;
  readonly raid: FoundRaid;
  readonly found: GraphBuilder;
  readonly as: Settled;
};

async function addMember(graph: GraphBuilder, { disk, raid, found, as }: Member): Promise<void> {
  const id = diskId(disk.number);
  const title = titleOf(raid.metadata);
  const firmwareRaid: FirmwareRaid = {
    title,
    state: as.kind,
    ...(as.kind === "copy" ? { of: as.of } : {}),
    signatures: raid.signatures,
  };
  if (as.kind === "plain") {
    graph.merge(found);
    const at = graph.nodes.findIndex((node) => node.id === id);
    const node = graph.nodes[at];
    if (node?.holds.kind === "disk") graph.nodes[at] = { ...node, holds: { ...node.holds, firmwareRaid } };
    return;
  }
  const { path, sizeBytes, sectorBytes } = disk;
  const holds: Holds = { kind: "disk", ...(await namesOf(disk)), table: "none", firmwareRaid };
  const node: BlockNode = { id, path, sizeBytes, sectorBytes, holds };
  graph.nodes.push(node);
  const why = as.kind === "copy" ? `the same as ${as.of}: ${title}` : `part of ${title}`;
  graph.addHolds(node, { kind: "opaque", why, content: "part" });
}

const namesOf = async (disk: SourceDisk): Promise<{ model: string; serial: string | null }> =>
  disk.kind === "device" ? await readDiskNames(disk.path) : { model: "disk image", serial: null };

type AddDisk = { readonly disk: SourceDisk; readonly reader: Reader; readonly signal: AbortSignal };

async function addPlain(graph: GraphBuilder, { disk, reader, signal }: AddDisk): Promise<void> {
  const { path, sizeBytes, sectorBytes } = disk;
  const table = await readTable(reader, { sectorBytes, title: path });
  graph.problems.push(...table.problems);
  const names = await namesOf(disk);
  const base = { path, sectorBytes };
  let holds: Holds = { kind: "disk", ...names, table: table.kind };
  const id = diskId(disk.number);
  if (table.kind === "none") {
    const content = await probeRange(path, { offset: 0, sizeBytes: reader.sizeBytes }, { signal });
    if (content.kind === "nothing" && table.emptyMbr) holds = { ...holds, table: "mbr" };
    const node: BlockNode = { ...base, id, sizeBytes, holds };
    graph.nodes.push(node);
    await graph.addContent({ ...node, sizeBytes: reader.sizeBytes }, content, reader);
    return;
  }
  graph.nodes.push({ ...base, id, sizeBytes, holds });
  if (table.partitions.length === 0)
    await graph.addContent({ ...base, id, sizeBytes, holds }, { kind: "nothing" }, reader);
  const overlapping = findOverlapping(table.partitions);
  if (overlapping.size > 0)
    graph.problems.push(
      makeProblem("partitions-overlap", {
        about: named("disk", path),
        text: `${path}: partitions ${[...overlapping].toSorted((a, b) => a - b).join(", ")} overlap`,
        advice: "They are copied whole, every byte once",
      }),
    );
  for (const part of table.partitions) {
    const size = Math.min(part.end, sizeBytes) - part.start;
    const { number, type, uuid, bootable } = part;
    const node: BlockNode = {
      ...base,
      id: partitionId(id, number),
      sizeBytes: size,
      holds: { kind: "partition", number, type, uuid, bootable, ...(part.name ? { name: part.name } : {}) },
    };
    graph.addPart(node, id, part.start);
    if (part.extended) continue;
    const content = await probeRange(path, { offset: part.start, sizeBytes: size }, { signal });
    await graph.addContent(node, content, partReader(reader, part.start, size));
  }
}
