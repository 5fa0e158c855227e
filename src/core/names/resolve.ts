// SPDX-License-Identifier: Apache-2.0
// Which node a device specification names. Stable names are looked up in the graph; for names that follow from the old
// machine's hardware the answer is as good as the evidence, and says what it rests on. Pure.
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";
import { oneOfEachBtrfs } from "../storage/companions.ts";
import { contentOf } from "../storage/graph.ts";
import {
  type DeviceSpec,
  diskKey,
  type HardwareDisk,
  parseDeviceSpec,
  parseGrubDevice,
} from "./device-spec.ts";
import { type DiskNames, type NamedDisk, type NameReason, NO_NAMES } from "./disk-names.ts";
import { hasSerial, partOf } from "./disk-parts.ts";

/** `node` is what lies on the named device: a file system, swap, LUKS; the device itself where nothing lies on it. */
export type Resolution =
  | { readonly kind: "found"; readonly node: NodeId; readonly because: "name" | NameReason }
  /** None of the given disks. */
  | { readonly kind: "absent" }
  /** Several of the given disks: by a label that is there twice, or by a name that more than one of them may have had. */
  | { readonly kind: "unclear"; readonly nodes: readonly NodeId[] };

const ABSENT: Resolution = { kind: "absent" };

export function resolveSpec(graph: BlockGraph, spec: string, names: DiskNames = NO_NAMES): Resolution {
  const parsed = parseGrubDevice(spec) ?? parseDeviceSpec(spec);
  if (parsed.kind !== "hardware") return resolveStable(graph, parsed);
  const { disk: wanted, partition } = parsed;
  const key = diskKey(wanted);
  const place = (disk: NodeId): NodeId | null => {
    const part = partOf(graph, disk, partition);
    return part === null ? null : contentOf(graph, part);
  };
  const known = names.known.find((one) => one.key === key) ?? bySerial(graph, wanted);
  if (known !== null) {
    const node = place(known.disk);
    return node === null ? ABSENT : { kind: "found", node, because: known.because };
  }
  const nodes = (names.unclear.find((one) => one.key === key)?.disks ?? []).flatMap(
    (disk) => place(disk) ?? [],
  );
  return nodes.length === 0 ? ABSENT : { kind: "unclear", nodes };
}

/** Where the disks alone tell: UUIDs, labels, volumes, serial numbers. null: absent or unclear. */
export function findSpec(graph: BlockGraph, spec: string, names: DiskNames = NO_NAMES): NodeId | null {
  const found = resolveSpec(graph, spec, names);
  return found.kind === "found" ? found.node : null;
}

function resolveStable(graph: BlockGraph, spec: Exclude<DeviceSpec, { kind: "hardware" }>): Resolution {
  const [first, ...more] = oneOfEachBtrfs(graph.nodes.filter((node) => isNamed(node, spec)));
  if (first === undefined) return ABSENT;
  const nodes = [first, ...more].map(({ id }) => contentOf(graph, id));
  return more.length > 0
    ? { kind: "unclear", nodes }
    : { kind: "found", node: contentOf(graph, first.id), because: "name" };
}

function isNamed(node: BlockNode, spec: Exclude<DeviceSpec, { kind: "hardware" }>): boolean {
  const { holds } = node;
  switch (spec.kind) {
    case "tag":
      return hasTag(node, spec);
    case "volume":
      return holds.kind === "lvm-lv" && holds.name === spec.name;
    case "volume-uuid":
      return holds.kind === "lvm-lv" && holds.uuid.replaceAll("-", "") === spec.uuid;
    case "array":
      return holds.kind === "md" && holds.name === spec.name;
    case "other":
      return false;
  }
}

/** What blkid finds by `UUID=`. Members of an array have the array's, and what is inside a LUKS volume has that one's. */
const HAS_UUID: ReadonlySet<BlockNode["holds"]["kind"]> = new Set(["filesystem", "swap", "luks", "lvm-pv"]);

function hasTag({ holds }: BlockNode, { tag, value }: Extract<DeviceSpec, { kind: "tag" }>): boolean {
  const isValue = (text: string | null): boolean => text?.toLowerCase() === value.toLowerCase();
  if (value === "") return false;
  switch (tag) {
    case "UUID":
      return HAS_UUID.has(holds.kind) && "uuid" in holds && isValue(holds.uuid);
    case "LABEL":
      return "label" in holds && holds.label === value;
    case "PARTUUID":
      return holds.kind === "partition" && isValue(holds.uuid);
    case "PARTLABEL":
      return holds.kind === "partition" && holds.name === value;
  }
}

function bySerial(graph: BlockGraph, wanted: HardwareDisk): NamedDisk | null {
  if (wanted.by !== "link") return null;
  const [disk, ...more] = graph.nodes.filter((node) => hasSerial(node, wanted.name));
  return disk === undefined || more.length > 0
    ? null
    : { key: diskKey(wanted), disk: disk.id, because: "serial" };
}
