// SPDX-License-Identifier: Apache-2.0
// Which of several installed systems is the machine's own, by what they say of themselves and by what starts. The order in which
// the disks were given is no evidence. Pure.
import { makeProblem, type NodeId, type Problem, type Subject } from "../../../core/index.ts";

export type RootEvidence = {
  readonly node: NodeId;
  readonly uuid: string;
  /** For people: `Debian GNU/Linux 12 (bookworm), web`. */
  readonly title: string;
  /** What the line of its own fstab for `/` names; `silent`: nothing, or a name that says nothing. */
  readonly ownLine: "itself" | "another" | "silent";
  /** What root= of its boot menu's first entry names; `none`: it has no menu. */
  readonly menu: "itself" | "another" | "none";
  /** Do the boot code of a disk, or a loader on an EFI partition, lead to its menu? */
  readonly isStarted: boolean;
};

export type ChosenRoot = { readonly node: NodeId; readonly problems: readonly Problem[] };

/** What tells systems apart, from strongest on. A copy that was made of a system still has the lines of what it was copied from. */
const TESTS: readonly { readonly why: string; readonly holds: (one: RootEvidence) => boolean }[] = [
  { why: "its fstab names no other root", holds: ({ ownLine }) => ownLine !== "another" },
  { why: "its boot menu starts it", holds: ({ menu }) => menu === "itself" },
  { why: "the boot code on the disks leads to it", holds: ({ isStarted }) => isStarted },
  { why: "its fstab names it by UUID or label", holds: ({ ownLine }) => ownLine === "itself" },
];

/** `all` has at least two. `wanted`: the one that the user named. */
export function chooseRoot(all: readonly RootEvidence[], wanted: NodeId | null): ChosenRoot {
  const sorted = all.toSorted((a, b) => compare(a.uuid, b.uuid) || compare(a.node, b.node));
  const asked = sorted.find(({ node }) => node === wanted);
  if (asked !== undefined) return { node: asked.node, problems: [several(sorted, asked, "as --root says")] };
  let left: readonly RootEvidence[] = sorted;
  let why = "";
  for (const test of TESTS) {
    const passed = left.filter(test.holds);
    if (passed.length === 0 || passed.length === left.length) continue;
    left = passed;
    why = test.why;
    if (left.length === 1) break;
  }
  const [first, ...more] = left;
  if (first === undefined) throw new TypeError("There is no root to choose from");
  if (more.length === 0) return { node: first.node, problems: [several(sorted, first, why)] };
  const isTwice = left.every(({ uuid }) => uuid === first.uuid);
  return { node: first.node, problems: [isTwice ? twice(left) : unclear(left)] };
}

const asSubject = ({ node, uuid, title }: RootEvidence): Subject => ({ kind: "system", node, uuid, title });

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const MAX_LISTED = 8;
const list = (all: readonly RootEvidence[]): string =>
  all
    .slice(0, MAX_LISTED)
    .map(({ node, title }) => `${node} (${title})`)
    .join(", ") + (all.length > MAX_LISTED ? ` and ${all.length - MAX_LISTED} more` : "");

function several(all: readonly RootEvidence[], chosen: RootEvidence, why: string): Problem {
  return makeProblem("several-systems", {
    about: all.map(asSubject),
    text: `There are ${all.length} installed systems: ${list(all)}. The one on ${chosen.node} is converted: ${why}`,
    advice: `The others are copied as they are. To convert another one, name it: --root ${all.find((one) => one !== chosen)?.uuid ?? "UUID"}`,
  });
}

function unclear(left: readonly RootEvidence[]): Problem {
  return makeProblem("root-unclear", {
    about: left.map(asSubject),
    text: `There are ${left.length} installed systems, and nothing on the disks tells which one the machine starts: ${list(left)}`,
    advice: `Say which one is to be converted: ${left
      .slice(0, MAX_LISTED)
      .map(({ uuid, node }) => `--root ${left.filter((one) => one.uuid === uuid).length > 1 ? node : uuid}`)
      .join(", or ")}`,
  });
}

function twice(left: readonly RootEvidence[]): Problem {
  return makeProblem("system-twice", {
    about: left.map(asSubject),
    text: `One installed system is there ${left.length} times, with the same UUID: ${list(left)}. One is a copy of the other, and a VM with both would start either of them`,
    advice:
      "Give only the disk that is the right one; or say which one is to be converted, such as --root " +
      (left[0]?.node ?? ""),
  });
}
