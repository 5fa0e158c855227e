// SPDX-License-Identifier: Apache-2.0
// For jobs that are about the installed system alone: where none is seen, that is said, with what may hide it.
import { errorOf, type Problem, UserError } from "../../../core/index.ts";
import type { OpenSource } from "../source.ts";

const HIDES: ReadonlySet<Problem["code"]> = new Set<Problem["code"]>([
  "root-not-mounted",
  "volume-not-reached",
  "filesystem-incomplete",
  "signatures-mixed",
  "gpt-damaged",
  "luks-locked",
  "luks-not-opened",
]);

/** `what` completes "There is nothing to ...". UserError: why none is seen, else that there is none. */
export function refuseWithoutSystem(
  { guest, problems }: Pick<OpenSource, "guest" | "problems">,
  what: string,
): void {
  if (guest !== null) return;
  const why = problems.find(({ severity }) => severity === "stops");
  if (why !== undefined) throw errorOf(why);
  const near = problems.find(({ code }) => HIDES.has(code));
  throw new UserError(
    "no-system",
    near === undefined
      ? "No installed Linux system was found on these disks"
      : `No installed Linux system was found: ${String(near.text)}`,
    {
      advice:
        near === undefined
          ? `There is nothing to ${what}: give the disk that holds the system, too`
          : String(near.advice),
    },
  );
}
