// SPDX-License-Identifier: Apache-2.0
// Puts members of software RAID together to arrays. Pure. Mirrors can be read from any one member; of other levels it is
// only said that they are there.
import type { NodeId, Problem } from "../../core/index.ts";
import type { MdMember } from "./md-super.ts";
import { makeProblem } from "./problem.ts";

export type FoundMember = { readonly node: NodeId; readonly member: MdMember };

export type FoundArray = {
  readonly uuid: string;
  readonly name: string;
  readonly level: string;
  /** In order of their place; those that hold the same data. */
  readonly mirrors: readonly FoundMember[];
};

/** Groups by UUID; only mirrors with at least one whole member are arrays here. */
export function assembleArrays(members: readonly FoundMember[]): {
  readonly arrays: readonly FoundArray[];
  readonly problems: readonly Problem[];
} {
  const groups = new Map<string, FoundMember[]>();
  for (const one of members) groups.set(one.member.uuid, [...(groups.get(one.member.uuid) ?? []), one]);
  const arrays: FoundArray[] = [];
  const problems: Problem[] = [];
  for (const [uuid, all] of groups) {
    const [first] = all;
    if (first === undefined) continue;
    const { level, name, memberCount } = first.member;
    if (level !== 1) {
      problems.push(notOpened(name, level < 0 ? "linear" : `raid${level}`));
      continue;
    }
    const mirrors = mirrorsOf(all);
    if (mirrors.length === 0) {
      problems.push(notOpened(name, "raid1, and no member of it is whole"));
      continue;
    }
    if (mirrors.length < memberCount) problems.push(degraded(name, mirrors.length, memberCount));
    arrays.push({ uuid, name, level: "raid1", mirrors });
  }
  return { arrays, problems };
}

function mirrorsOf(all: readonly FoundMember[]): readonly FoundMember[] {
  const newest = all.reduce((most, { member }) => (member.events > most ? member.events : most), 0n);
  const whole = all.filter(
    ({ member }) => member.role !== null && !member.unfinished && member.events === newest,
  );
  const roles = new Set(whole.map(({ member }) => member.role));
  const sizes = new Set(whole.map(({ member }) => member.data.sizeBytes));
  // A clone of a disk beside it: nobody can say which of the two is the right one.
  if (roles.size !== whole.length || sizes.size > 1) return [];
  return whole.toSorted((a, b) => (a.member.role ?? 0) - (b.member.role ?? 0));
}

function notOpened(name: string, what: string): Problem {
  return makeProblem("md-not-opened", "warns", {
    text: `The software RAID ${name} (${what}) is not opened here`,
    advice: "Its disks are copied whole, as they are; a system on it is not converted",
  });
}

function degraded(name: string, here: number, wanted: number): Problem {
  return makeProblem("md-degraded", "warns", {
    text: `The software RAID ${name} has ${here} of ${wanted} members that are up to date on the given disks`,
    advice: "Give all its disks, or mend the array first; the VM starts with it degraded",
  });
}
