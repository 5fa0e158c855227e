// SPDX-License-Identifier: Apache-2.0
// The steps by name, in their order, for people.
import { UserError } from "../../core/index.ts";
import { CONVERSION_STEPS } from "../steps/list.ts";
import type { ConversionStep } from "../steps/step.ts";

export type ExplainedStep = Pick<ConversionStep, "name" | "explains">;

export const explainSteps = (): readonly ExplainedStep[] =>
  CONVERSION_STEPS.map(({ name, explains }) => ({ name, explains }));

/**
 * The steps to skip so that only these remain. Nothing then proves that they are enough to boot. UserError as in
 * refuseUnknown().
 */
export function skipAllBut(only: readonly string[]): readonly string[] {
  refuseUnknown(only);
  return only.length === 0 ? [] : CONVERSION_STEPS.flatMap(({ name }) => (only.includes(name) ? [] : [name]));
}

/** UserError (usage) for a step that does not exist, with the nearest that does. */
export function refuseUnknown(
  names: readonly string[],
  steps: readonly ExplainedStep[] = CONVERSION_STEPS,
): void {
  const known = steps.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return;
  throw new UserError("step-unknown", `There is no conversion step "${wrong}"`, {
    advice: `Did you mean ${nearest(wrong, known)}? virt-p2v convert --list-steps explains all`,
  });
}

/** By the pairs of letters they share. */
function nearest(name: string, names: readonly string[]): string {
  const pairs = (text: string): ReadonlySet<string> =>
    new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, index) => text.slice(index, index + 2)));
  const mine = pairs(name);
  const likeness = (other: string): number => {
    const theirs = pairs(other);
    const both = [...mine].filter((pair) => theirs.has(pair)).length;
    return both / (mine.size + theirs.size || 1);
  };
  return names.toSorted((a, b) => likeness(b) - likeness(a))[0] ?? "";
}
