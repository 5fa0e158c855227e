// SPDX-License-Identifier: Apache-2.0
// Puts members of software RAID together to arrays. Pure. Mirrors can be read from any one member, RAID 0, 5 and 10 from
// all that they need; of other levels it is only said that they are there.
import {
  isReadable,
  makeProblem,
  named,
  type NodeId,
  type Problem,
  type Weave,
} from "../../../core/index.ts";
import type { MdMember } from "./superblock.ts";

export type FoundMember = { readonly node: NodeId; readonly member: MdMember };

export type FoundArray = {
  readonly uuid: string;
  readonly name: string;
  readonly level: string;
  /** In order of their place: those that are up to date. */
  readonly members: readonly FoundMember[];
  /** null: a mirror, each member has it all. */
  readonly weave: Weave | null;
};

/** Groups by UUID; an array that cannot be read with the members that are here is none. */
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
    const title = level < 0 ? "linear" : `raid${level}`;
    const up = upToDate(all);
    const weave = level === 1 ? null : weaveOf(up);
    const why = up.length === 0 ? "no member of it is whole" : typeof weave === "string" ? weave : null;
    if (why !== null || typeof weave === "string") {
      problems.push(notOpened(name, why === "" ? title : `${title}, and ${why}`));
      continue;
    }
    if (up.length < memberCount) problems.push(degraded(name, up.length, memberCount));
    arrays.push({ uuid, name, level: title, members: up, weave });
  }
  return { arrays, problems };
}

const MAX_CHUNK_BYTES = 2 ** 24;
const MAX_MEMBERS = 256;

/** Or why it is none: empty where its level says enough. */
function weaveOf(members: readonly FoundMember[]): Weave | string {
  const [first] = members;
  if (first === undefined) return "";
  const { level, memberCount, chunkBytes, data, dirty } = first.member;
  const layout = layoutOf(first.member);
  if (layout === null) return level === 10 || level === 5 ? "its layout is not known here" : "";
  if (chunkBytes < 512 || chunkBytes % 512 !== 0 || chunkBytes > MAX_CHUNK_BYTES)
    return `its chunks have ${chunkBytes} bytes`;
  if (memberCount < 2 || memberCount > MAX_MEMBERS || layout > memberCount)
    return `it has ${memberCount} members`;
  const places = Array.from({ length: memberCount }, (_, role) => {
    const found = members.find(({ member }) => member.role === role);
    return found === undefined ? null : { node: found.node, start: found.member.data.start };
  });
  const memberBytes = Math.floor(data.sizeBytes / chunkBytes) * chunkBytes;
  const weave: Weave = {
    level: `raid${level as 0 | 5 | 10}`,
    chunkBytes,
    layout,
    memberBytes,
    members: places,
  };
  if (memberBytes === 0) return "its members hold no chunk";
  if (!isReadable(weave)) return "too many members of it are missing";
  // What the missing member had follows from the others only where they fit together.
  if (level === 5 && dirty && places.includes(null)) return "it was not shut down, and a member is missing";
  return weave;
}

/** As `Weave` has it; null: another level, or chunks laid out in another way. */
function layoutOf({ level, layout }: MdMember): number | null {
  if (level === 0) return 0;
  if (level === 5) return layout <= 3 ? layout : null;
  // RAID 10: copies near each other, far from each other, or by a row (raid10.c, setup_geo).
  const [near, far] = [layout & 0xff, (layout >> 8) & 0xff];
  return level === 10 && near >= 2 && far === 1 && layout >> 16 === 0 ? near : null;
}

function upToDate(all: readonly FoundMember[]): readonly FoundMember[] {
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
  return makeProblem("md-not-opened", {
    about: named("array", name),
    text: `The software RAID ${name} (${what}) is not opened here`,
    advice: "Its members are copied whole, as they are; a system on it is not converted",
  });
}

function degraded(name: string, here: number, wanted: number): Problem {
  return makeProblem("md-degraded", {
    about: named("array", name),
    text: `The software RAID ${name} has ${here} of ${wanted} members that are up to date on the given disks`,
    advice:
      "Give all its disks, or mend the array first: the VM starts with it degraded. With --mirrors one it is whole with what is here",
  });
}
