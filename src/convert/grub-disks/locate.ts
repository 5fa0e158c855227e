// SPDX-License-Identifier: Apache-2.0
// Which volume of the given disks GRUB means by `hd1,msdos1`: by what is known of the old machine's names (device.map, hints of
// search lines), else by the file that is loaded from there.
import {
  bootDiskOf,
  diskNumberOf,
  findNode,
  type GuestOS,
  type GuestView,
  hasSubvolumes,
  type Intent,
  type NodeId,
  onlyBelow,
  parseGrubDevice,
  resolveSpec,
} from "../../core/index.ts";
import type { Volumes } from "../names/volumes.ts";
import type { GrubPlace, GrubUse } from "./uses.ts";

export type GrubSystem = {
  readonly guest: GuestOS;
  readonly intent: Intent;
  readonly view: GuestView;
  readonly volumes: Volumes;
  /** GRUB legacy counts partitions from 0. */
  readonly legacy: boolean;
};

/** Far above what any menu has. */
const MAX_USES = 500;

/** Volumes by use, as far as they are found. */
export type Located = ReadonlyMap<string, NodeId>;

export const useKey = ({ device, path }: Pick<GrubUse, "device" | "path">): string => `${device} ${path}`;

export async function locate(uses: readonly GrubUse[], system: GrubSystem): Promise<Located> {
  const { guest, intent, legacy } = system;
  const located = new Map<string, NodeId>();
  for (const use of uses.slice(0, MAX_USES)) {
    const key = useKey(use);
    if (located.has(key)) continue;
    const [, disk = "", rest = ""] = /^([a-z]+\d+)(.*)$/.exec(use.device) ?? [];
    const number = partitionNumber(use.device, legacy);
    const spec = legacy && number !== null ? `${disk},${number}` : `${disk}${rest}`;
    const found = resolveSpec(intent.storage, spec, guest.names);
    const node = found.kind === "found" ? found.node : await nodeOfFile(use.path, number, system);
    if (node !== null) located.set(key, node);
  }
  return located;
}

/** What a line becomes that names `device`, where `node` is what it means. */
export function placeOf(device: string, node: NodeId | undefined, system: GrubSystem): GrubPlace {
  const { guest, intent, volumes, legacy } = system;
  const found = node === undefined ? null : findNode(intent.storage, node);
  if (found === null) return { kind: "stays" };
  const isBoot = diskNumberOf(found.id) === bootDiskOf(intent, guest);
  const [, disk = "", rest = ""] = /^([a-z]+\d+)(.*)$/.exec(device) ?? [];
  if (isBoot && disk === "hd0") return { kind: "stays" };
  const uuid = legacy ? null : volumes.uuidOf(found);
  if (uuid !== null) return { kind: "uuid", uuid };
  return isBoot ? { kind: "device", device: `hd0${rest}` } : { kind: "stays" };
}

function partitionNumber(device: string, legacy: boolean): number | null {
  const spec = parseGrubDevice(device, { legacy });
  return spec?.kind === "hardware" ? spec.partition : null;
}

/** The one volume with this number that has the file where GRUB looks for it; null: none, or several. */
async function nodeOfFile(
  path: string,
  partition: number | null,
  { guest, intent, view }: GrubSystem,
): Promise<NodeId | null> {
  if (!path.startsWith("/") || partition === null) return null;
  const mounts = guest.mounts.flatMap(({ path: at, node }) =>
    node !== null && at.startsWith("/") && at !== "/" ? [{ at, node }] : [],
  );
  const found = new Set<NodeId>();
  for (const { at, node } of [{ at: "", node: guest.root }, ...mounts]) {
    const below = onlyBelow(intent.storage, node)?.holds;
    if (below?.kind !== "partition" || below.number !== partition) continue;
    const holds = findNode(intent.storage, node)?.holds;
    const inside =
      holds?.kind === "filesystem" && hasSubvolumes(holds.type) ? path.replace(/^\/@[^/]*/, "") : path;
    const whole = `${at}${inside}`;
    if (mounts.some((other) => other.at.length > at.length && whole.startsWith(`${other.at}/`))) continue;
    if ((await view.resolve(whole)) !== null) found.add(node);
  }
  const [only, ...more] = found;
  return only === undefined || more.length > 0 ? null : only;
}
