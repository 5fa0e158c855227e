// SPDX-License-Identifier: Apache-2.0
// A firmware's RAID in words, and what of it an administrator should know. Pure.
import { type BlockNode, makeProblem, named, type Problem } from "../../../core/index.ts";
import type { RaidMetadata } from "./metadata.ts";
import { mirrorOn, type Settled } from "./settle.ts";

/** `Intel RAID 1 volume "root" of 2 disks` */
export function titleOf({ title, volumes, diskCount }: RaidMetadata): string {
  const [volume, ...more] = volumes === "unknown" ? [] : volumes;
  if (volume === undefined) return diskCount === null ? title : `${title} volume of ${diskCount} disks`;
  if (more.length > 0) return `${title}, ${more.length + 1} volumes`;
  const name = volume.name === "" ? "" : ` ${JSON.stringify(volume.name)}`;
  const kind = title.endsWith(" RAID") && volume.level.startsWith("RAID") ? title.slice(0, -5) : `${title},`;
  return `${kind} ${volume.level} volume${name} of ${volume.members} disks`;
}

type Looked = {
  readonly disk: { readonly number: number; readonly path: string };
  readonly raid: { readonly metadata: RaidMetadata } | null;
};

export function raidProblems(
  nodes: readonly BlockNode[],
  looked: readonly Looked[],
  settled: ReadonlyMap<number, Settled>,
): readonly Problem[] {
  return looked.flatMap(({ disk, raid }): Problem[] => {
    const as = settled.get(disk.number);
    if (raid === null || as === undefined) return [];
    const title = titleOf(raid.metadata);
    const about = named("disk", disk.path);
    if (as.kind === "part") return [isPart(disk.path, title)];
    if (as.kind === "copy") {
      const other = nodes.find(({ id }) => id === as.of)?.path ?? as.of;
      return as.isOld ? [isOld(disk.path, other, title)] : [];
    }
    if (as.isLeftover)
      return [
        makeProblem("firmware-raid-leftover", {
          about,
          text: `${disk.path} has metadata of ${title}, and its partitions are whole without the other disks: the metadata is taken for left over`,
          advice:
            "It is read and converted as a plain disk. If the machine does use this RAID, do not migrate it so",
        }),
      ];
    const isWhole = mirrorOn(raid.metadata)?.isWhole ?? true;
    return [
      makeProblem("firmware-raid-plain", {
        about,
        text: `${disk.path} is a disk of ${title}. A VM has no such controller: there it is a plain disk, without the metadata of the RAID`,
        advice: "Nothing is to be done; the host keeps the VM's disks safe",
      }),
      ...(isWhole ? [] : [isDegraded(disk.path, title, looked.length)]),
    ];
  });
}

function isPart(path: string, title: string): Problem {
  return makeProblem("firmware-raid-part", {
    about: named("disk", path),
    text: `${path} is part of ${title}, which is not put together here, and which a VM has no controller for`,
    advice:
      "On the machine, also on the live CD, run mdadm --assemble --scan --readonly (or dmraid -ay), and give the volume, such as /dev/md126, instead of its disks; or copy the disks as they are, with --as-is",
  });
}

function isOld(path: string, other: string, title: string): Problem {
  return makeProblem("firmware-raid-degraded", {
    about: named("disk", path, other),
    text: `${path} was left behind in ${title}: ${other} has newer metadata, and is taken`,
    advice: "Look at the state of the RAID in the machine's firmware before you migrate",
  });
}

function isDegraded(path: string, title: string, given: number): Problem {
  return makeProblem("firmware-raid-degraded", {
    about: named("disk", path),
    text: `${title} is degraded or being rebuilt, and ${given === 1 ? "only one disk is given" : "the metadata does not say which disk is right"}: ${path} is taken`,
    advice: "Check in the machine's firmware that this disk is up to date; give another one if it is not",
  });
}
