// SPDX-License-Identifier: Apache-2.0
// Mounts whose disk stays behind on purpose: once the step absent-mounts wrote nofail into their lines, the VM starts without them, and what was
// found about the lines of before is no warning of the boot any more. Pure.
import { makeProblem, type Problem, shown, type ShownChange } from "../core/index.ts";
import { parseFstab } from "../inspect/index.ts";

const ABSENT: ReadonlySet<Problem["code"]> = new Set<Problem["code"]>(["mount-not-found", "fstab-not-given"]);

/** `fstab`: as it is with the changes. */
export function withLeftBehind(
  problems: readonly Problem[],
  { changes, fstab }: { readonly changes: readonly Pick<ShownChange, "step">[]; readonly fstab: string },
): readonly Problem[] {
  if (!changes.some(({ step }) => step === "absent-mounts")) return problems;
  const left = new Set(
    parseFstab(fstab).flatMap(({ path, options }) => (options.split(",").includes("nofail") ? [path] : [])),
  );
  const told = new Set<string>();
  return problems.flatMap((problem) => {
    const mount = problem.about.find(({ kind }) => kind === "mount");
    if (mount?.kind !== "mount" || !ABSENT.has(problem.code) || !left.has(mount.path)) return [problem];
    if (told.has(mount.path)) return [];
    told.add(mount.path);
    return [
      makeProblem("mount-left-behind", {
        about: [mount],
        text: `${shown(mount.spec)} on ${shown(mount.path)} is on none of the given disks; its line gets nofail, and the VM starts without it`,
        advice: `As --with absent-mounts asked for: what should be written to ${shown(mount.path)} is then written into the root file system`,
      }),
    ];
  });
}
