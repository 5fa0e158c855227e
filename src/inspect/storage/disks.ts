// SPDX-License-Identifier: Apache-2.0
// Each disk with its table, its partitions and what they hold; disks of a RAID that a firmware made are told apart first.
import {
  type BlockNode,
  diskId,
  type FirmwareRaid,
  type Holds,
  type NodeId,
  type SourceDisk,
  UserError,
} from "../../core/index.ts";
import { readBootCode } from "./boot-code.ts";
import { raidProblems, titleOf } from "./firmware-raid/words.ts";
import { mirrorOn, type Settled, settleFirmwareRaid } from "./firmware-raid/settle.ts";
import { findFirmwareRaid, type FoundRaid } from "./firmware-raid/signatures.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { type MdMember, readMdSuperblock } from "./md/superblock.ts";
import { addPartitions } from "./partitions.ts";
import { type Content, probeRange } from "./probe.ts";
import { partReader, type Reader } from "./reader.ts";
import { readDiskNames } from "./sysfs.ts";
import { type DiskTable, readTable } from "./table/table.ts";

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
  const table = await tableOf({ disk, reader, signal });
  const names = await namesOf(disk);
  const base = { path, sectorBytes };
  const hasTable = table instanceof UserError || table.partitions.length > 0;
  const member = hasTable ? await wholeMember(reader, table instanceof UserError ? null : table) : null;
  if (member !== null) {
    const of: Holds = { kind: "disk", ...names, table: table instanceof UserError ? "unknown" : table.kind };
    const node: BlockNode = { ...base, id: diskId(disk.number), sizeBytes, holds: of };
    graph.nodes.push(node);
    const content = {
      kind: "found",
      usage: "raid",
      type: "linux_raid_member",
      version: null,
      label: null,
    } as const;
    await graph.addContent(node, { ...content, uuid: member.uuid }, reader);
    return;
  }
  if (table instanceof UserError) throw table;
  graph.problems.push(...table.problems);
  const boot = await readBootCode(reader, table);
  let holds: Holds = { kind: "disk", ...names, table: table.kind, boot };
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
  const on = { ...base, id, sizeBytes, holds };
  const probe = (start: number, length: number): Promise<Content> =>
    probeRange(path, { offset: start, sizeBytes: length }, { signal });
  await addPartitions(graph, { on, partitions: table.partitions, reader, probe });
}

/**
 * A disk that is a member as a whole of an array with partitions inside, and a superblock at its end (0.90, 1.0): the array's table
 * is seen on the disk too. null: it is none, or its last partition is the member.
 */
async function wholeMember(reader: Reader, table: DiskTable | null): Promise<MdMember | null> {
  const found = await readMdSuperblock(reader);
  if (found === null || found.at < reader.sizeBytes / 2) return null;
  const { member } = found;
  const isLarger = (table?.partitions ?? []).every(({ start, end }) => member.data.sizeBytes > end - start);
  return isLarger ? member : null;
}

/** An error: it names partitions beyond the end. */
async function tableOf({ disk, reader }: AddDisk): Promise<DiskTable | UserError> {
  try {
    return await readTable(reader, { sectorBytes: disk.sectorBytes, title: disk.path });
  } catch (error) {
    if (error instanceof UserError && error.code === "image-truncated") return error;
    throw error;
  }
}
