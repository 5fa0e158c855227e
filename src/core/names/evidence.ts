// SPDX-License-Identifier: Apache-2.0
// What fstab tells of the names that the old machine gave to its disks. Pure.
import { diskBelow } from "../storage/graph.ts";
import type { BlockGraph, NodeId } from "../machine.ts";
import { type HardwareDisk, parseDeviceSpec } from "./device-spec.ts";
import { diskKey, type NameEvidence } from "./resolve.ts";

/**
 * Before anything is resolved. A name by order (/dev/sda1) is taken as the n-th given disk only while all such names are of
 * one driver: of /dev/sda and /dev/nvme0n1 nobody knows which was given first; then the root's counts. Where all links
 * name one disk, and one is given, it is that.
 */
export function evidenceOfLines(
  lines: readonly { readonly spec: string; readonly path: string }[],
): NameEvidence {
  const named = new Map(lines.map(({ spec }) => [spec, diskOf(spec)]));
  const disks = [...named.values()].flatMap((disk) => disk ?? []);
  const root = named.get(lines.find(({ path }) => path === "/")?.spec ?? "");
  const families = new Set(disks.flatMap((disk) => (disk.by === "order" ? [disk.family] : [])));
  const [family = null, ...others] = root?.by === "order" ? [root.family] : families;
  const links = new Set(disks.filter(({ by }) => by !== "order").map(diskKey));
  return {
    known: new Map(),
    ordered: { family: others.length > 0 ? null : family },
    only: new Set(links.size === 1 ? ["link", "multipath"] : []),
  };
}

/** What was resolved tells more: `sdb` is the disk on which fstab's /dev/sdb1 was found; a stick may have been /dev/sda. */
export function evidenceOfMounts(
  graph: BlockGraph,
  mounts: readonly { readonly spec: string; readonly node: NodeId | null }[],
): NameEvidence {
  const known = new Map<string, NodeId>();
  for (const { spec, node } of mounts) {
    const named = diskOf(spec);
    const disk = node === null || named === null ? null : diskBelow(graph, node);
    if (named !== null && disk !== null) known.set(diskKey(named), disk);
  }
  return { known, ordered: "any", only: new Set(["multipath"]) };
}

function diskOf(spec: string): HardwareDisk | null {
  const parsed = parseDeviceSpec(spec);
  return parsed.kind === "hardware" ? parsed.disk : null;
}
