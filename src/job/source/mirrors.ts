// SPDX-License-Identifier: Apache-2.0
// Which disks of mirrors are sent: all of them, or one of each. Pure.
import {
  type LeftOutDisk,
  makeProblem,
  mountsIn,
  named,
  namesIn,
  type Problem,
  type SourceDisk,
  UserError,
} from "../../core/index.ts";
import { type LeftOut, leaveOutCopies, leaveOutMirrors } from "../../inspect/index.ts";
import type { Answers } from "../../plan/index.ts";
import type { FoundDisks } from "./found-disks.ts";

export type FewerDisks = FoundDisks & Pick<LeftOut, "leftOut" | "arrays">;

/** UserError `mirrors-needed` where one of each mirror is wanted, and there is no disk too many and none missing. */
export function chooseMirrors(all: FoundDisks, wanted: Answers["mirrors"]): FewerDisks {
  const { copies, ...found } = withoutCopies(all);
  const { graph, leftOut, disks, arrays, reasons, newId } = leaveOutMirrors(found.storage, found.disks);
  if (wanted !== "one") {
    const problems = leftOut.length === 0 ? found.problems : [...found.problems, couldBe(leftOut)];
    return { ...found, problems, leftOut: copies, arrays: [] };
  }
  const incomplete = found.problems.some(({ code }) => code === "md-degraded");
  if (leftOut.length === 0 && copies.length > 0 && !incomplete)
    return { ...found, leftOut: copies, arrays: [] };
  if (leftOut.length === 0 && !incomplete)
    throw new UserError(
      "mirrors-needed",
      reasons.length === 0
        ? "No disk is a mirror of another one by software RAID 1"
        : `No disk can be left out. ${reasons.join("; ")}`,
      { advice: "Leave --mirrors out: then each disk is sent as it is" },
    );
  const isWhole = (problem: Problem): boolean =>
    problem.code === "md-degraded" &&
    namesIn(problem, "array").some((name) => arrays.some((array) => array.name === name));
  const problems = [
    ...found.problems.filter((problem) => !isWhole(problem)),
    ...leftOut.map((one) => isLeftOut(one, arrays)),
    ...(incomplete ? [becomesWhole(arrays)] : []),
  ];
  const opened = found.opened.map((one) => ({ ...one, node: newId(one.node), below: newId(one.below) }));
  return { ...found, disks, storage: graph, problems, opened, leftOut: [...copies, ...leftOut], arrays };
}

/** Without the mirrors of a firmware's RAID, whatever is wanted. */
function withoutCopies(all: FoundDisks): FoundDisks & { readonly copies: readonly LeftOutDisk[] } {
  const { disks, leftOut, graph, newId } = leaveOutCopies(all.storage, all.disks);
  if (leftOut.length === 0) return { ...all, copies: [] };
  const problems = [...all.problems, ...leftOut.map(({ disk }) => isFirmwareCopy(disk.path, all))];
  const opened = all.opened.map((one) => ({ ...one, node: newId(one.node), below: newId(one.below) }));
  return { ...all, disks, storage: graph, problems, opened, copies: leftOut };
}

function isFirmwareCopy(path: string, { storage }: FoundDisks): Problem {
  const holds = storage.nodes.find((node) => node.path === path && node.holds.kind === "disk")?.holds;
  const raid = holds?.kind === "disk" ? holds.firmwareRaid : undefined;
  const other = storage.nodes.find(({ id }) => id === raid?.of)?.path ?? "the other disk";
  return makeProblem("mirror-left-out", {
    about: named("disk", path),
    text: `${path} is not sent: it has the same as ${other}, by ${raid?.title ?? "the firmware's RAID"}`,
    advice: "One disk is enough: in the VM nothing would keep two alike",
  });
}

const namesOf = (arrays: LeftOut["arrays"]): string => arrays.map(({ name }) => name).join(", ");

function isLeftOut({ disk, volumes }: LeftOutDisk, arrays: LeftOut["arrays"]): Problem {
  const also = volumes.map(({ kind }) => (kind === "swap" ? "swap" : "copy of the EFI partition"));
  const lost = also.length === 0 ? "" : `; its ${[...new Set(also)].join(" and its ")} will be missing`;
  return makeProblem("mirror-left-out", {
    about: [...named("disk", disk.path), ...named("array", ...arrays.map(({ name }) => name))],
    text: `${disk.path} is not sent: its arrays (${namesOf(arrays)}) are on the disks that are${lost}`,
    advice: "The arrays are whole in the VM, with the members that they have there",
  });
}

function becomesWhole(arrays: LeftOut["arrays"]): Problem {
  return makeProblem("mirror-made-whole", {
    about: named("array", ...arrays.map(({ name }) => name)),
    text: `Members of the software RAID ${namesOf(arrays)} are missing or out of date`,
    advice: "In the VM the arrays have the members that are here, and are whole with them",
  });
}

function couldBe(leftOut: readonly LeftOutDisk[]): Problem {
  const paths = leftOut.map(({ disk }) => disk.path).join(", ");
  return makeProblem("mirror-sent-too", {
    about: named("disk", ...leftOut.map(({ disk }) => disk.path)),
    text: `The VM gets ${paths} too, a mirror of what other disks have`,
    advice: "With --mirrors one only one disk of each mirror is sent, and the VM has as many disks less",
  });
}

/** A line of fstab whose volume is missing since its disk was left out: the step fstab takes it out. */
export function isExpected(problem: Problem, leftOut: readonly LeftOutDisk[]): boolean {
  const lost = leftOut.flatMap(({ volumes }) => volumes);
  const specs = lost.flatMap(({ uuid, label }) => [
    `UUID=${uuid}`,
    ...(label === null ? [] : [`LABEL=${label}`]),
  ]);
  const lostSwap = lost.some(({ kind }) => kind === "swap");
  return (
    problem.code === "mount-not-found" &&
    mountsIn(problem).some(
      ({ spec, type }) => specs.includes(spec) || (lostSwap && type === "swap" && spec.startsWith("/dev/")),
    )
  );
}

/** Disks that are left out, with numbers of their own: proven untouched, like the others. */
export const unread = ({ disks, leftOut }: FewerDisks): readonly SourceDisk[] =>
  leftOut.map(({ disk }, index) => ({ ...disk, number: disks.length + index + 1 }));
