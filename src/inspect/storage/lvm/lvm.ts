// SPDX-License-Identifier: Apache-2.0
// Puts the physical volumes found on the disks together to volume groups, and says what is missing.
import { makeProblem, named, type NodeId, type Problem } from "../../../core/index.ts";
import { type PvLabel, readPv } from "./pv.ts";
import { LvmTextError } from "./text.ts";
import { bareUuid, parseVolumeGroup, type VolumeGroup } from "./vg.ts";
import type { Reader } from "../reader.ts";

export type FoundPv = { readonly node: NodeId; readonly label: PvLabel };

export type FoundGroup = {
  readonly group: VolumeGroup;
  /** Node of each physical volume that is here, by its UUID without dashes. */
  readonly nodes: ReadonlyMap<string, NodeId>;
  /** All its physical volumes are here once, and their metadata are of one age. Otherwise nothing is left out. */
  readonly whole: boolean;
};

/** Reads the labels of all physical volumes; one that has no readable label is left out. */
export async function readPvs(
  pvs: readonly { readonly node: NodeId; readonly reader: Reader }[],
): Promise<readonly FoundPv[]> {
  const found: FoundPv[] = [];
  for (const { node, reader } of pvs) {
    const label = await readPv(reader);
    if (label !== null) found.push({ node, label });
  }
  return found;
}

/** Pure. Groups by UUID; the newest metadata count. */
export function assembleGroups(pvs: readonly FoundPv[]): {
  readonly groups: readonly FoundGroup[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const versions = new Map<string, VolumeGroup[]>();
  const parsed = new Map<string, VolumeGroup>();
  for (const { node, label } of pvs)
    for (const text of label.texts) {
      const group = parsed.get(text) ?? parseOrNote(text, node, problems);
      if (group === null) continue;
      parsed.set(text, group);
      versions.set(group.uuid, [...(versions.get(group.uuid) ?? []), group]);
    }
  const groups: FoundGroup[] = [];
  for (const all of versions.values()) {
    const newest = all.reduce((best, next) => (next.seqno > best.seqno ? next : best));
    const nodes = new Map<string, NodeId>();
    const twice: string[] = [];
    for (const { node, label } of pvs)
      if (newest.pvs.some((pv) => pv.uuid === label.uuid)) {
        if (nodes.has(label.uuid)) twice.push(label.uuid);
        nodes.set(label.uuid, node);
      }
    for (const uuid of twice) nodes.delete(uuid); // nobody can say which of the two is the right one
    const missing = newest.pvs.filter((pv) => !nodes.has(pv.uuid));
    const sameAge = all.every((one) => one.seqno === newest.seqno);
    problems.push(...groupProblems(newest, { missing: missing.map((pv) => pv.uuid), twice, sameAge }));
    groups.push({ group: newest, nodes, whole: missing.length === 0 && sameAge });
  }
  return { groups, problems };
}

function parseOrNote(text: string, node: NodeId, problems: Problem[]): VolumeGroup | null {
  try {
    return parseVolumeGroup(text);
  } catch (error) {
    if (!(error instanceof LvmTextError)) throw error;
    problems.push(
      makeProblem("lvm-metadata-damaged", {
        about: named("node", node),
        text: `The LVM metadata on ${node} cannot be read: ${error.message}`,
        advice: "The physical volume is copied whole; look at it with vgck on the machine itself",
      }),
    );
    return null;
  }
}

function groupProblems(
  group: VolumeGroup,
  { missing, twice, sameAge }: { missing: readonly string[]; twice: readonly string[]; sameAge: boolean },
): Problem[] {
  const problems: Problem[] = [];
  for (const uuid of missing.filter((one) => !twice.includes(one)))
    problems.push(
      makeProblem("lvm-pv-missing", {
        about: [...named("volume-group", group.name), ...named("physical-volume", dashedUuid(uuid))],
        text: `The volume group ${group.name} needs the physical volume ${dashedUuid(uuid)}, which is not on the given disks`,
        advice: "Give all disks of the volume group: pvs -o pv_name,pv_uuid lists them on the machine itself",
      }),
    );
  for (const uuid of twice)
    problems.push(
      makeProblem("lvm-pv-twice", {
        about: [...named("volume-group", group.name), ...named("physical-volume", dashedUuid(uuid))],
        text: `The physical volume ${dashedUuid(uuid)} of ${group.name} is there more than once`,
        advice: "Give each disk by one path only, and no clone of it beside it",
      }),
    );
  if (!sameAge)
    problems.push(
      makeProblem("lvm-metadata-differ", {
        about: named("volume-group", group.name),
        text: `The physical volumes of ${group.name} do not agree on its metadata; number ${group.seqno}, the newest, is used`,
        advice: "Its disks are copied whole; vgck on the machine itself tells more",
      }),
    );
  for (const volume of group.volumes)
    if (volume.visible && volume.needed)
      problems.push(
        makeProblem("lvm-volume-has-snapshot", {
          about: named("logical-volume", `${group.name}/${volume.name}`),
          text: `The logical volume ${group.name}/${volume.name} has a snapshot or is part of another volume`,
          advice:
            "It is copied whole. Remove snapshots before the migration: changes for the VM show through in them",
        }),
      );
  return problems;
}

/** As LVM prints it: 6-4-4-4-4-4-6. */
export function dashedUuid(uuid: string): string {
  const bare = bareUuid(uuid);
  return [bare.slice(0, 6), ...(bare.slice(6, 26).match(/.{1,4}/g) ?? []), bare.slice(26)].join("-");
}
