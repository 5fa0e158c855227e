// SPDX-License-Identifier: Apache-2.0
// Logical volumes of LVM that are of a kind that is not opened here: what that means for this machine. Pure.
import { type BlockGraph, makeProblem, named, onlyBelow, type Problem } from "../../core/index.ts";

/** Kinds of segments (lvmraid(7), lvmthin(7), lvmcache(7), lvmvdo(7)): what they are, and what could be done on the machine. */
const KINDS: readonly { readonly sign: RegExp; readonly what: string; readonly advice: string }[] = [
  {
    sign: /type (?:cache|writecache)/,
    what: "it has a cache (dm-cache)",
    advice: "On the machine lvconvert --splitcache takes the cache away, and then it can be converted",
  },
  {
    sign: /type (?:raid|mirror)/,
    what: "LVM mirrors or stripes it (dm-raid)",
    advice: "A mirror becomes a plain volume on the machine with lvconvert -m0",
  },
  { sign: /type thin/, what: "it is thin-provisioned", advice: "" },
  { sign: /type vdo/, what: "it is compressed (VDO)", advice: "" },
];

const MAX_LISTED = 8;

/** One problem for all of a kind. Where no system was found it stops: it may be on one of them. */
export function unopenedVolumes(
  storage: BlockGraph,
  { hasGuest }: { readonly hasGuest: boolean },
): readonly Problem[] {
  const groups = new Map<string, { readonly names: string[]; readonly advice: string }>();
  for (const node of storage.nodes) {
    const volume = node.holds.kind === "opaque" ? onlyVolumeBelow(storage, node.id) : null;
    if (node.holds.kind !== "opaque" || node.holds.content !== undefined || volume === null) continue;
    const { why } = node.holds;
    if (/type (?:thin|cache|vdo)-pool/.test(why)) continue; // what is in a pool is told itself
    const known = KINDS.find(({ sign }) => sign.test(why));
    const what = known?.what ?? why;
    const group = groups.get(what) ?? { names: [], advice: known?.advice ?? "" };
    group.names.push(volume);
    groups.set(what, group);
  }
  return [...groups].map(([what, { names, advice }]) => {
    const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
    const copied = "It is copied as it is, within its group, and not converted";
    return makeProblem("lvm-not-opened", {
      about: named("node", ...names.map((name) => `lv:${name}`)),
      severity: hasGuest ? "notes" : "stops",
      text: `${names.length === 1 ? "The logical volume" : "The logical volumes"} ${names.slice(0, MAX_LISTED).join(", ")}${more} cannot be opened here: ${what}${hasGuest ? "" : "; no installed system was found elsewhere"}`,
      advice: [
        hasGuest ? copied : "",
        advice,
        hasGuest ? "" : "With --as-is the disks are copied without conversion",
      ]
        .filter((words) => words !== "")
        .join(". "),
    });
  });
}

function onlyVolumeBelow(storage: BlockGraph, id: string): string | null {
  const below = onlyBelow(storage, id);
  return below?.holds.kind === "lvm-lv" ? below.holds.name : null;
}
