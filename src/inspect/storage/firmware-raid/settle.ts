// SPDX-License-Identifier: Apache-2.0
// What disks with metadata of a firmware RAID are to us: disks like any other, since a mirror has all of the volume at its
// place; copies of such a disk; or parts of a volume that only its controller can put together. Pure.
import { diskId, type BlockNode, type NodeId, withinRenamed } from "../../../core/index.ts";
import type { RaidMetadata, RaidVolume } from "./metadata.ts";

export type LookedAt = {
  readonly number: number;
  readonly type: string;
  readonly metadata: RaidMetadata;
  /** What is seen on the disk as if it were no member; it may be nothing. */
  readonly nodes: readonly BlockNode[];
};

export type Settled =
  | { readonly kind: "plain"; readonly isLeftover: boolean }
  | { readonly kind: "copy"; readonly of: NodeId; readonly isOld: boolean }
  | { readonly kind: "part" };

/** By number of the disk. */
export function settleFirmwareRaid(disks: readonly LookedAt[]): ReadonlyMap<number, Settled> {
  const settled = new Map<number, Settled>();
  const groups = new Map<string, LookedAt[]>();
  for (const disk of disks) {
    const shape = shapeOf(disk.metadata);
    if (shape === "several" || (shape !== "mirror" && shape !== "spare" && !holdsSomething(disk))) {
      settled.set(disk.number, { kind: "part" });
      continue;
    }
    settled.set(disk.number, { kind: "plain", isLeftover: shape === "woven" });
    const key = shape === "woven" ? null : groupKey(disk, shape);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), disk]);
  }
  for (const group of groups.values()) {
    const [best, ...others] = group.toSorted(
      (a, b) => b.metadata.generation - a.metadata.generation || a.number - b.number,
    );
    if (best === undefined) continue;
    for (const { number, metadata } of others)
      settled.set(number, {
        kind: "copy",
        of: diskId(best.number),
        isOld: metadata.generation < best.metadata.generation,
      });
  }
  return settled;
}

/** The volume that a disk is read as; null: not known, or not readable from one disk. */
export function mirrorOn(metadata: RaidMetadata): RaidVolume | null {
  const [only] = metadata.volumes === "unknown" ? [] : metadata.volumes;
  return shapeOf(metadata) === "mirror" && only !== undefined ? only : null;
}

/** `spare`: of no volume; it may have been taken out. */
type Shape = "mirror" | "woven" | "several" | "spare" | "unknown";

function shapeOf({ volumes }: RaidMetadata): Shape {
  if (volumes === "unknown") return "unknown";
  const [volume, ...more] = volumes;
  if (volume === undefined) return "spare";
  if (more.length > 0 || volume.start !== 0) return "several";
  return volume.level === "RAID 1" || volume.level === "JBOD" || volume.members === 1 ? "mirror" : "woven";
}

const SOMETHING: ReadonlySet<BlockNode["holds"]["kind"]> = new Set([
  "filesystem",
  "swap",
  "lvm-pv",
  "luks",
  "md-member",
]);
const holdsSomething = ({ nodes }: LookedAt): boolean => nodes.some(({ holds }) => SOMETHING.has(holds.kind));

/** Disks with the same key hold the same; null: nothing says so. */
function groupKey(disk: LookedAt, shape: Shape): string | null {
  const { type, metadata, number } = disk;
  if (shape === "mirror" && metadata.family !== null) {
    const volume = mirrorOn(metadata);
    return volume?.level === "RAID 1" ? `${type} ${metadata.family}` : null;
  }
  const uuids = disk.nodes.flatMap(({ id, holds, sizeBytes }) =>
    "uuid" in holds && holds.uuid !== null && holds.uuid !== "" && SOMETHING.has(holds.kind)
      ? [[withinRenamed(id, diskId(number), "disk"), holds.kind, holds.uuid, sizeBytes]]
      : [],
  );
  return uuids.length === 0 ? null : JSON.stringify([type, uuids]);
}
