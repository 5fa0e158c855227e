// SPDX-License-Identifier: Apache-2.0
// The names of disks that a guest's files have, each with all that is claimed of it. Pure.
import type { NodeId } from "../machine.ts";
import type { Claim } from "./claims.ts";
import { diskKey, type HardwareDisk, parseDeviceSpec, parseGrubDevice } from "./device-spec.ts";

/** Two names of one disk: `(hd0)` and `/dev/sda` of a line of GRUB's device.map. */
export type Alias = readonly [string, string];

export type Evidence = {
  readonly claims: readonly Claim[];
  readonly aliases: readonly Alias[];
  /** What the user says: a device name of the old machine, and which of the given disks had it. */
  readonly told?: readonly ToldName[];
};

export type ToldName = { readonly spec: string; readonly disk: NodeId };

export type ClaimedName = {
  readonly key: string;
  readonly disk: HardwareDisk;
  readonly claims: readonly { readonly claim: Claim; readonly partition: number | null }[];
};

/** Far above what any system says of its disks. */
const MAX_CLAIMS = 5000;

/** Claims on UUIDs and labels tell nothing here. */
export function claimedNames({ claims, aliases, told = [] }: Evidence): readonly ClaimedName[] {
  const claimed = joinAliases(gather(claims.slice(0, MAX_CLAIMS)), aliases.slice(0, MAX_CLAIMS));
  return [...claimed, ...notClaimed(told, claimed)];
}

function gather(claims: readonly Claim[]): readonly ClaimedName[] {
  const names = new Map<string, { disk: HardwareDisk; claims: ClaimedName["claims"][number][] }>();
  for (const claim of claims) {
    const spec = parseGrubDevice(claim.spec) ?? parseDeviceSpec(claim.spec);
    if (spec.kind !== "hardware") continue;
    const key = diskKey(spec.disk);
    const name = names.get(key) ?? { disk: spec.disk, claims: [] };
    name.claims.push({ claim, partition: spec.partition });
    names.set(key, name);
  }
  return [...names].map(([key, name]) => ({ key, ...name }));
}

/** The `diskKey` of a name that follows from the hardware; null: it is none. Of a partition's name, its disk's. */
export function keyOfName(spec: string): string | null {
  const parsed = parseGrubDevice(spec) ?? parseDeviceSpec(spec);
  return parsed.kind === "hardware" ? diskKey(parsed.disk) : null;
}

/** That a name is another disk's says something of the others, too. */
function notClaimed(told: readonly ToldName[], claimed: readonly ClaimedName[]): readonly ClaimedName[] {
  return told.flatMap(({ spec }) => {
    const parsed = parseGrubDevice(spec) ?? parseDeviceSpec(spec);
    if (parsed.kind !== "hardware") return [];
    const key = diskKey(parsed.disk);
    return claimed.some((name) => name.key === key) ? [] : [{ key, disk: parsed.disk, claims: [] }];
  });
}

/** What is claimed of one name holds for the other. */
function joinAliases(names: readonly ClaimedName[], aliases: readonly Alias[]): readonly ClaimedName[] {
  const joined = new Map(names.map((name) => [name.key, name]));
  for (const pair of aliases) {
    const disks = pair.flatMap((spec) => {
      const parsed = parseGrubDevice(spec) ?? parseDeviceSpec(spec);
      return parsed.kind === "hardware" ? [parsed.disk] : [];
    });
    const claims = disks.flatMap((disk) => names.find(({ key }) => key === diskKey(disk))?.claims ?? []);
    if (disks.length !== pair.length || claims.length === 0) continue;
    for (const disk of disks) joined.set(diskKey(disk), { key: diskKey(disk), disk, claims });
  }
  return [...joined.values()];
}
