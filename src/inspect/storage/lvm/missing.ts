// SPDX-License-Identifier: Apache-2.0
// Which physical volumes a logical volume lacks. Pure.
import type { Holds } from "../../../core/index.ts";
import { dashedUuid, type FoundGroup } from "./lvm.ts";
import type { LogicalVolume, VolumeGroup } from "./vg.ts";

type Missing = Pick<Extract<Holds, { kind: "lvm-lv" }>, "missing">;

export function missingOf(
  { pvs, pieces }: Pick<LogicalVolume, "pvs" | "pieces">,
  group: Pick<VolumeGroup, "pvs">,
  here: FoundGroup["nodes"],
): Missing {
  const lost = (uuids: readonly string[]): readonly string[] =>
    uuids.filter((uuid) => !here.has(uuid)).map(dashedUuid);
  const [own, all] = [lost(pvs), lost(group.pvs.map(({ uuid }) => uuid))];
  if (own.length === 0) return all.length === 0 ? {} : { missing: { pvs: all, of: "group" } };
  // lvmraid(7): raid0 has no copies.
  const hasCopies = "why" in pieces && /\braid(?:1|4|5|6|10)/.test(pieces.why);
  return { missing: { pvs: own, of: hasCopies ? "copies" : "volume" } };
}
