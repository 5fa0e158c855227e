// SPDX-License-Identifier: Apache-2.0
// Which node a device specification names: UUID=, LABEL=, PARTUUID=, /dev/disk/by-*, /dev/VG/LV, /dev/sda1. Pure.
import { diskId, partitionId } from "./node-id.ts";
import { parseDeviceName } from "./device-name.ts";
import type { BlockGraph, NodeId } from "../machine.ts";

/** The node that a device specification of fstab, crypttab, `root=` or `resume=` names; null: none of ours. */
export function findSpec(graph: BlockGraph, spec: string): NodeId | null {
  const tag = /^(UUID|LABEL|PARTUUID|PARTLABEL)=["']?([^"']*)["']?$/i.exec(spec);
  if (tag !== null) return findTag(graph, (tag[1] ?? "").toUpperCase(), tag[2] ?? "");
  const link = /^\/dev\/disk\/by-(uuid|label|partuuid|partlabel)\/(.+)$/.exec(spec);
  if (link !== null) return findTag(graph, (link[1] ?? "").toUpperCase(), unescapeUdev(link[2] ?? ""));
  const volume = volumeName(spec);
  if (volume !== null) {
    const node = graph.nodes.find(({ holds }) => holds.kind === "lvm-lv" && holds.name === volume);
    if (node !== undefined) return contentOf(graph, node.id);
  }
  const array = /^\/dev\/md(?:\/([^/]+)|(\d{1,3}))$/.exec(spec);
  if (array !== null) {
    const name = array[1] ?? array[2];
    const node = graph.nodes.find(({ holds }) => holds.kind === "md" && holds.name === name);
    if (node !== undefined) return contentOf(graph, node.id);
  }
  const device = parseDeviceName(spec);
  if (device === null) return null;
  const disk = diskId(device.disk + 1);
  const wanted = device.partition === null ? disk : partitionId(disk, device.partition);
  return graph.nodes.some((node) => node.id === wanted) ? contentOf(graph, wanted) : null;
}

/** `VG/LV` of /dev/VG/LV or /dev/mapper/VG-LV, where a dash inside a name is doubled. */
function volumeName(spec: string): string | null {
  const mapped = /^\/dev\/mapper\/(.+)$/.exec(spec)?.[1];
  if (mapped !== undefined) {
    const [group, volume, ...more] = mapped.replaceAll("--", "\u0000").split("-");
    if (group === undefined || volume === undefined || more.length > 0) return null;
    return `${group}/${volume}`.replaceAll("\u0000", "-");
  }
  return /^\/dev\/([^/]+\/[^/]+)$/.exec(spec)?.[1] ?? null;
}

/** udev writes unsafe characters of labels as `\x20`. */
function unescapeUdev(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function findTag(graph: BlockGraph, tag: string, value: string): NodeId | null {
  const same = (text: string | null): boolean => text !== null && text.toLowerCase() === value.toLowerCase();
  for (const { id, holds } of graph.nodes) {
    if (tag === "UUID" && "uuid" in holds && holds.kind !== "partition" && same(holds.uuid)) return id;
    if (tag === "LABEL" && "label" in holds && holds.label === value) return id;
    if (tag === "PARTUUID" && holds.kind === "partition" && same(holds.uuid)) return contentOf(graph, id);
    if (tag === "PARTLABEL" && holds.kind === "partition" && holds.name === value)
      return contentOf(graph, id);
  }
  return null;
}

/** The file system or swap on a partition or volume; the node itself where nothing lies on it. */
function contentOf(graph: BlockGraph, id: NodeId): NodeId {
  const kinds = new Set(["filesystem", "swap", "luks", "lvm-pv", "md-member"]);
  const above = graph.edges.filter((edge) => edge.to === id).map((edge) => edge.from);
  return above.find((one) => kinds.has(graph.nodes.find((node) => node.id === one)?.holds.kind ?? "")) ?? id;
}

/** The UUID by which Linux finds a file system, a swap or a LUKS volume; null for anything else. */
export function uuidOf(graph: BlockGraph, id: NodeId): string | null {
  const holds = graph.nodes.find((node) => node.id === id)?.holds;
  if (holds === undefined) return null;
  const named = holds.kind === "filesystem" || holds.kind === "swap" || holds.kind === "luks";
  return named && holds.uuid !== "" ? holds.uuid : null;
}
