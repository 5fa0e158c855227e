// SPDX-License-Identifier: Apache-2.0
// What is said of file systems of the guest that are not mounted here, and so not converted. Pure.
import {
  type BlockGraph,
  companionsOf,
  findNode,
  guestFiles,
  makeProblem,
  type Mount,
  namesIn,
  type Problem,
} from "../../core/index.ts";

type Skipped = { readonly path: string; readonly why: string };
type Known = { readonly mounts: readonly Mount[]; readonly storage: BlockGraph };

/** They keep no owners and modes as Linux has them: no part of a system lies there, and nothing that a conversion changes. */
const FOREIGN: ReadonlySet<string> = new Set(["ntfs", "exfat", "hfs", "hfsplus", "apfs", "iso9660", "udf"]);

/** Of one file system that cannot be mounted one problem is enough: where it belongs says most, a missing part of it even more. */
export function withSkipped(
  problems: readonly Problem[],
  skipped: readonly Skipped[],
  { mounts, storage }: Known,
): readonly Problem[] {
  const nodeOf = ({ path }: Skipped): string => mounts.find((one) => one.path === path)?.node ?? "";
  const isIncomplete = (one: Skipped): boolean => {
    const node = findNode(storage, nodeOf(one));
    return node !== null && companionsOf(storage, node).kind === "missing";
  };
  const isForeign = (one: Skipped): boolean => {
    const holds = findNode(storage, nodeOf(one))?.holds;
    return holds?.kind === "filesystem" && FOREIGN.has(holds.type);
  };
  const nodes = skipped.map(nodeOf);
  const isSaid = (problem: Problem): boolean =>
    problem.code === "volume-not-reached" && namesIn(problem, "node").some((id) => nodes.includes(id));
  return [
    ...problems.filter((problem) => !isSaid(problem)),
    ...skipped
      .filter((one) => !isIncomplete(one))
      .map((one) => notMounted(one, isForeign(one) ? { severity: "notes" } : {})),
  ];
}

function notMounted({ path, why }: Skipped, severity: Partial<Pick<Problem, "severity">>): Problem {
  return makeProblem("mount-skipped", {
    ...severity,
    about: guestFiles(path),
    text: `${path} of the guest could not be mounted here: ${why}`,
    advice: "What lies there is copied as it is, and not converted",
  });
}
