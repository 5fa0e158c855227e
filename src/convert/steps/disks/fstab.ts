// SPDX-License-Identifier: Apache-2.0
// fstab: names of this hardware become UUID=. Comments, order, spacing and lines we do not know stay, byte for byte.
import {
  type BlockNode,
  isFileSystemType,
  type LeftOutDisk,
  makeProblem,
  type Mount,
  mountsIn,
  type Problem,
} from "../../../core/index.ts";
import { step } from "../step.ts";
import { stableOptions } from "../../names/mount-options.ts";
import { commentOut, mapLines } from "../../text/lines.ts";
import { readVolumes, type Volumes } from "../../names/volumes.ts";

export const fstab = step(
  {
    name: "fstab",
    explains: "Names file systems and swap in /etc/fstab by UUID instead of by disks of the old machine",
  },
  async ({ guest, intent, draft }) => {
    const volumes = readVolumes(guest, intent);
    const problems: Problem[] = [];
    await draft.edit("/etc/fstab", {
      why: "It was on a disk that is not sent: the VM would wait for it at boot",
      edit: (text) => withoutLeftOut(text, intent.leftOut ?? [], volumes),
      severity: "stops",
    });
    await draft.edit("/etc/fstab", {
      why: "Disks have other names in the VM; the UUID is the same everywhere",
      edit: (text) => renderFstab(text, volumes, problems),
      severity: "stops",
    });
    for (const problem of problems.slice(0, 20)) if (!isKnown(problem, guest.mounts)) draft.problem(problem);
  },
);

/** Inspection found nothing for this mount either, and reported it where it matters. */
const isKnown = (problem: Problem, mounts: readonly Mount[]): boolean =>
  problem.code === "fstab-not-given" &&
  mountsIn(problem).some(({ spec, path }) =>
    mounts.some((mount) => mount.node === null && mount.spec === spec && mount.path === path),
  );

/** fstab(5): device, mount point, type. */
const LINE = /^([ \t]*)([^ \t#\r\n][^ \t\r\n]*)([ \t]+)([^ \t\r\n]+)[ \t]+([^ \t\r\n]+)/;
/** The same, and the options behind it. */
const OPTIONS = /^([ \t]*[^ \t#\r\n][^ \t\r\n]*[ \t]+[^ \t\r\n]+[ \t]+[^ \t\r\n]+[ \t]+)([^ \t\r\n]+)/;

function renderFstab(text: string, volumes: Volumes, problems: Problem[]): string {
  return mapLines(text, (whole) => {
    const line = withStableOptions(whole, volumes, problems);
    const match = LINE.exec(line);
    if (match === null) return line;
    const [, indent = "", spec = "", , path = "", type = ""] = match;
    const named = volumes.named(spec);
    if (named.kind === "stable" || /^(udf|iso9660)(,|$)/.test(type)) return line; // the VM has a CD drive too
    if (named.kind === "absent") problems.push(notGiven({ spec, path, type }));
    if (named.kind !== "volume") return line; // what is unclear was reported by inspection
    const uuid = fits(named.node, type) ? volumes.uuidOf(named.node) : null;
    if (uuid === null) {
      problems.push(noName({ spec, path, type }));
      return line;
    }
    return `${indent}UUID=${uuid}${line.slice(indent.length + spec.length)}`;
  });
}

/** The devices that the options of a line name. */
function withStableOptions(line: string, volumes: Volumes, problems: Problem[]): string {
  const [head, before = "", options = ""] = OPTIONS.exec(line) ?? [];
  if (head === undefined) return line;
  const [, , spec = "", , path = "", type = ""] = LINE.exec(line) ?? [];
  const { options: stable, lost } = stableOptions(options, volumes.nodeOf(spec), volumes);
  for (const option of lost) problems.push(optionNotGiven({ spec, path, type }, option));
  return before + stable + line.slice(head.length);
}

/** Turns lines for volumes of disks that are not sent into comments. Pure. */
export function withoutLeftOut(text: string, leftOut: readonly LeftOutDisk[], volumes: Volumes): string {
  const lost = leftOut.flatMap((disk) => disk.volumes);
  if (lost.length === 0) return text;
  const isLost = (spec: string, type: string): boolean =>
    lost.some(
      ({ kind, uuid, label }) =>
        spec.toLowerCase() === `uuid=${uuid}`.toLowerCase() ||
        (label !== null && spec === `LABEL=${label}`) ||
        (kind === "swap" && type === "swap" && volumes.named(spec).kind === "absent"),
    );
  return mapLines(text, (line) => {
    const [, , spec = "", , , type = ""] = LINE.exec(line) ?? [];
    return isLost(spec.replaceAll('"', "").replace(/^\/dev\/disk\/by-uuid\//, "UUID="), type)
      ? commentOut(line, "on a disk that was left out, since its mirror is here")
      : line;
  });
}

/** If the line's type is not what is found there, it means another disk than we think. */
const fits = ({ holds }: BlockNode, type: string): boolean =>
  type === "swap" ? holds.kind === "swap" : holds.kind === "filesystem" && isFileSystemType(type, holds.type);

type Line = { readonly spec: string; readonly path: string; readonly type: string };

function notGiven({ spec, path, type }: Line): Problem {
  return makeProblem("fstab-not-given", {
    about: [{ kind: "mount", spec, path, type }],
    text: `fstab mounts ${spec} on ${path}, and none of the given disks holds it`,
    advice: "Give that disk too, or remove the line: the VM waits for it at boot, and may stop there",
  });
}

function optionNotGiven({ spec, path, type }: Line, option: string): Problem {
  return makeProblem("fstab-option-device", {
    about: [{ kind: "mount", spec, path, type }],
    text: `fstab mounts ${spec} on ${path} with ${option}, and no stable name is known for that device`,
    advice: `Name it by /dev/disk/by-partuuid/ on the machine, or correct the line in the VM, where ${path} is not mounted else`,
  });
}

function noName({ spec, path, type }: Line): Problem {
  return makeProblem("fstab-no-uuid", {
    about: [{ kind: "mount", spec, path, type }],
    text: `fstab mounts ${spec} on ${path} as ${type}, and what lies there has no UUID of that type of its own`,
    advice: `The line is left as it is; name the volume by UUID or label in the VM if ${path} is missing there`,
  });
}
