// SPDX-License-Identifier: Apache-2.0
// From what sysfs tells of each block device to the block graph: disks, partitions, volumes and what they hold. Pure.
import {
  arrayId,
  type BlockEdge,
  type BlockGraph,
  type BlockNode,
  contentId,
  deviceId,
  diskId,
  type Holds,
  type NodeId,
  otherId,
  volumeId,
} from "../../../core/index.ts";
import type { BlockDevice, BlockPartition } from "./block-devices.ts";
import { type Contents, holdsOf, partitionOf, tableOf } from "./contents.ts";
import { parseDmUuid } from "./device-mapper.ts";

/** Contents that volumes are made of; others lie on a volume without being asked. */
const CONTAINERS: ReadonlySet<Holds["kind"]> = new Set(["lvm-pv", "md-member", "luks"]);
/** Extended partitions of an MBR hold the table of the logical ones. */
const EXTENDED: ReadonlySet<string> = new Set(["5", "f", "85"]);

/** Nodes: `disk:sda`, `part:sda1`, `lv:vg0/root`, `md:md0`, `dm:dm-3`, `loop:loop0`; their contents as `part:sda1/fs`. */
export function makeBlockGraph(devices: readonly BlockDevice[]): BlockGraph {
  const builder = new Builder();
  for (const device of devices.toSorted(byLayer)) builder.addDevice(device);
  for (const device of devices) builder.joinSlaves(device);
  return { nodes: builder.nodes, edges: withoutCycles(builder.edges) };
}

/** Disks first, then arrays, then volumes; each in the given order. */
function byLayer(a: BlockDevice, b: BlockDevice): number {
  const layers: readonly BlockDevice["driver"]["kind"][] = ["disk", "loop", "md", "dm"];
  return layers.indexOf(a.driver.kind) - layers.indexOf(b.driver.kind);
}

class Builder {
  readonly nodes: BlockNode[] = [];
  readonly edges: BlockEdge[] = [];
  readonly #ids = new Set<NodeId>();
  /** By kernel name: the node itself, and the one on which volumes are built. */
  readonly #places = new Map<string, { readonly node: BlockNode; readonly base: BlockNode }>();

  addDevice(device: BlockDevice): void {
    const { kname, path, sizeBytes, sectorBytes, holders } = device;
    const { id, holds } = describeDevice(device);
    const node: BlockNode = { id: this.#unique(id, kname), path, sizeBytes, sectorBytes, holds };
    this.nodes.push(node);
    const inside = device.partitions.length > 0 || holds.kind === "partition" ? null : device.contents;
    const isLayer = device.driver.kind === "dm" && isInternal(device.driver);
    const type = holds.kind === "partition" ? holds.type : null;
    const contents =
      isLayer || device.driver.kind === "loop" ? null : (inside ?? (type === null ? null : device.contents));
    const base = contents === null ? node : this.#addContents(node, { contents, type, holders });
    this.#places.set(kname, { node, base });
    for (const partition of device.partitions) this.#addPartition(node, partition);
  }

  #addPartition(disk: BlockNode, partition: BlockPartition): void {
    const { kname, path, sizeBytes, number, startBytes, contents, holders } = partition;
    const entry = partitionOf(contents);
    const node: BlockNode = {
      id: this.#unique(deviceId("part", kname), kname),
      path,
      sizeBytes,
      sectorBytes: disk.sectorBytes,
      holds: { kind: "partition", number, ...entry },
    };
    this.nodes.push(node);
    const isInside = startBytes !== null && startBytes + sizeBytes <= disk.sizeBytes;
    const map = isInside ? [{ from: 0, to: startBytes, length: sizeBytes }] : null;
    this.edges.push({ from: node.id, to: disk.id, map });
    const base = EXTENDED.has(entry.type)
      ? node
      : this.#addContents(node, { contents, type: entry.type, holders });
    this.#places.set(kname, { node, base });
  }

  /** Gives the node on which volumes are built: the content where it is made for that, else the volume. */
  #addContents(
    node: BlockNode,
    { contents, type, holders }: { contents: Contents; type: string | null; holders: readonly string[] },
  ): BlockNode {
    const holds = holdsOf(contents, type);
    if (holds === null) return node;
    const isContainer = CONTAINERS.has(holds.kind);
    // What is used by a volume needs no words about not being understood.
    if (holders.length > 0 && !isContainer) return node;
    const above: BlockNode = { ...node, id: this.#unique(contentId(node.id, holds), "2"), holds };
    this.nodes.push(above);
    this.edges.push({
      from: above.id,
      to: node.id,
      map: [{ from: 0, to: 0, length: node.sizeBytes }],
    });
    return isContainer ? above : node;
  }

  /** Where on its disks a volume lies is LVM's and md's own knowledge; of multipath both are the same bytes. */
  joinSlaves({ kname, slaves, driver, sizeBytes }: BlockDevice): void {
    const node = this.#places.get(kname)?.node;
    if (node === undefined) return;
    const isPath = driver.kind === "dm" && parseDmUuid(driver.uuid, driver.name).kind === "multipath";
    for (const slave of slaves) {
      const below = this.#places.get(slave)?.base;
      if (below === undefined || below.id === node.id) continue;
      const isWhole = isPath && below.sizeBytes === sizeBytes;
      const map = isWhole ? [{ from: 0, to: 0, length: sizeBytes }] : null;
      this.edges.push({ from: node.id, to: below.id, map });
    }
  }

  #unique(id: NodeId, kname: string): NodeId {
    let free = id;
    for (let count = 0; this.#ids.has(free); count += 1)
      free = otherId(id, `${kname}${count === 0 ? "" : count}`);
    this.#ids.add(free);
    return free;
  }
}

const isInternal = ({ uuid, name }: { uuid: string; name: string }): boolean => {
  const volume = parseDmUuid(uuid, name);
  return volume.kind === "lvm" && volume.internal;
};

function describeDevice(device: BlockDevice): { readonly id: NodeId; readonly holds: Holds } {
  const { kname, driver, model, serial, wwid, contents, partitions } = device;
  // A table that nobody could read is there all the same where the kernel found partitions.
  const found = tableOf(contents);
  const table = found === "none" && partitions.length > 0 ? "unknown" : found;
  switch (driver.kind) {
    case "disk":
      return {
        id: diskId(kname),
        holds: { kind: "disk", serial, model, table, ...(wwid === null ? {} : { wwid }) },
      };
    case "loop": {
      const file = driver.file === null ? "" : `: ${driver.file}`;
      return {
        id: deviceId("loop", kname),
        holds: { kind: "opaque", why: `a file of the running system${file}` },
      };
    }
    case "md": {
      const { uuid, name, level } = driver;
      return { id: arrayId(kname), holds: { kind: "md", uuid, name, level } };
    }
    case "dm":
      return describeDm(device, driver, table);
  }
}

type Table = "gpt" | "mbr" | "none" | "unknown";

function describeDm(
  { kname, contents, serial, slaves }: BlockDevice,
  { name, uuid }: { name: string; uuid: string },
  table: Table,
): { readonly id: NodeId; readonly holds: Holds } {
  const volume = parseDmUuid(uuid, name);
  const id = deviceId("dm", kname);
  switch (volume.kind) {
    case "lvm":
      return volume.internal
        ? { id, holds: { kind: "lvm-lv", uuid: volume.uuid, name } }
        : { id: volumeId(volume.name), holds: { kind: "lvm-lv", uuid: volume.uuid, name: volume.name } };
    case "partition":
      return { id, holds: { kind: "partition", number: volume.number, ...partitionOf(contents) } };
    case "multipath":
      return { id, holds: { kind: "disk", serial, model: `multipath, ${slaves.length} paths`, table } };
    case "dmraid":
      return { id, holds: { kind: "disk", serial, model: "firmware RAID", table } };
    case "crypt":
      return { id, holds: { kind: "opaque", why: `opened encryption ${name}` } };
    case "other":
      return { id, holds: { kind: "opaque", why: `device-mapper volume ${name}` } };
  }
}

/** A recording may say anything; whoever walks the graph must come to an end. Drops the edges that close a circle. */
function withoutCycles(edges: readonly BlockEdge[]): readonly BlockEdge[] {
  const kept: BlockEdge[] = [];
  const below = new Map<NodeId, Set<NodeId>>();
  for (const edge of edges) {
    const done = new Set<NodeId>();
    const todo = [edge.to];
    for (let id = todo.pop(); id !== undefined && !done.has(edge.from); id = todo.pop()) {
      if (done.has(id)) continue;
      done.add(id);
      todo.push(...(below.get(id) ?? []));
    }
    const targets = below.get(edge.from) ?? new Set();
    if (done.has(edge.from) || targets.has(edge.to)) continue;
    below.set(edge.from, targets.add(edge.to));
    kept.push(edge);
  }
  return kept;
}
