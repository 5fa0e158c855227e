// SPDX-License-Identifier: Apache-2.0
// A problem: what stands in the way of a migration, or what an administrator should know of it, as data.
import type { Severity } from "./kind.ts";
import type { Subject } from "./subject.ts";
import { PROBLEMS, type ProblemCode } from "./table.ts";

/** Words for a person: any text is such, and code can do no more with them than show them. */
export type Prose = { toString(): string };

export type Problem = {
  readonly code: ProblemCode;
  /** Empty: about nothing that has a name. */
  readonly about: readonly Subject[];
  readonly text: Prose;
  readonly advice: Prose;
  readonly severity: Severity;
};

export type ProblemWords = {
  /** Empty: about nothing that has a name. */
  readonly about: readonly Subject[];
  /** What is wrong, on what; one sentence with the actual values and no full stop. */
  readonly text: Prose;
  /** The next step for the user. */
  readonly advice: Prose;
  /** Where it is not what the table says. */
  readonly severity?: Severity;
};

export function makeProblem(code: ProblemCode, words: ProblemWords): Problem {
  const { about, text, advice, severity = PROBLEMS[code].severity } = words;
  return { code, severity, about, text, advice };
}
