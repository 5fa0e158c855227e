// SPDX-License-Identifier: Apache-2.0
// What the chain of boot adds to a plan's problems: what will surely not boot stops before the copy. Pure.
import {
  brokenLinks,
  type Chain,
  type ChainLink,
  makeProblem,
  type Problem,
  type Subject,
} from "../core/index.ts";

/** What steps and inspection warn of where they cannot know whether the boot needs it. */
const FORERUNNERS: ReadonlySet<Problem["code"]> = new Set([
  "mount-not-found",
  "fstab-not-given",
  "root-not-given",
]);

/** A broken link takes the place of the warnings about the same thing. */
export function withChain(
  problems: readonly Problem[],
  chain: Chain | null,
  { severity }: Pick<Problem, "severity"> = { severity: "stops" },
): readonly Problem[] {
  const broken = chain === null ? [] : brokenLinks(chain);
  const about = new Set(broken.flatMap((link) => link.about.map(keyOf)));
  const started =
    chain === null || broken.every(({ place }) => place !== "initramfs") ? [] : kernelsOf(chain);
  const kept = problems.filter(
    (problem) =>
      !(
        problem.code === "initramfs-not-proven" && problem.about.some((one) => started.includes(keyOf(one)))
      ) &&
      (!FORERUNNERS.has(problem.code) || !problem.about.some((subject) => about.has(keyOf(subject)))) &&
      !(problem.code === "no-kernel" && chain !== null && hasKernel(chain)),
  );
  return [...broken.map((link) => problemOf(link, severity)), ...kept];
}

/** The kernel that starts was read with its initramfs, wherever it lies: that none was found elsewhere says nothing. */
const hasKernel = ({ links }: Chain): boolean =>
  KERNEL_PLACES.every((place) => links.some((link) => link.place === place)) &&
  links.every(({ place, verdict }) => verdict === "proven" || !KERNEL_PLACES.includes(place));

/** Those that start: what a broken link says of their initramfs is one fault with what its proof says. */
const kernelsOf = ({ links }: Chain): readonly string[] =>
  links.flatMap(({ place, about }) =>
    place === "kernel" ? about.filter(({ kind }) => kind === "kernel").map(keyOf) : [],
  );

const KERNEL_PLACES: readonly ChainLink["place"][] = ["kernel", "initramfs"];

function problemOf({ place, why, advice, about }: ChainLink, severity: Problem["severity"]): Problem {
  const goOn = severity === "stops" ? "; --as-is copies the disks nevertheless, without conversion" : "";
  return makeProblem("chain-broken", {
    severity,
    about,
    text: `The VM would not boot (${place}): ${String(why)}`,
    advice: `${String(advice)}${goOn}`,
  });
}

/** A device of `root=` is in a link what a mount is in fstab. */
const keyOf = (subject: Subject): string => JSON.stringify(subject);
