// SPDX-License-Identifier: Apache-2.0
// The steps by name, in their order, for people.
import { UserError } from "../../core/index.ts";
import { chrootTools } from "../guest-tools/chroot.ts";
import { conversionSteps } from "../steps/list.ts";

export type ExplainedStep = { readonly name: string; readonly explains: string };

export function explainSteps(): readonly ExplainedStep[] {
  const tools = chrootTools({ root: "/nonexistent", workDirectory: "/nonexistent" }); // nothing of them is run
  return conversionSteps({ tools, emit: () => undefined }).map(({ name, explains }) => ({ name, explains }));
}

/** The steps to skip so that only these remain; then nothing proves that it is enough to boot. UserError (usage) for one that is unknown, with the nearest. */
export function skipAllBut(only: readonly string[]): readonly string[] {
  const names = explainSteps().map(({ name }) => name);
  for (const name of only)
    if (!names.includes(name))
      throw new UserError("usage", "step-unknown", `There is no conversion step "${name}"`, {
        advice: `Did you mean ${nearest(name, names)}? virt-p2v convert --list-steps explains all`,
      });
  return only.length === 0 ? [] : names.filter((name) => !only.includes(name));
}

/** By the letters in common, two by two. */
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
