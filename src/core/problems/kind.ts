// SPDX-License-Identifier: Apache-2.0
// What is known of every problem of one code, wherever it is found.
import type { ErrorArea } from "./area.ts";

/** `stops`: the run does not begin, or ends. `warns`: it goes on, and the report repeats it. `notes`: said once, there. */
export type Severity = "stops" | "warns" | "notes";

export type ProblemKind = {
  readonly area: ErrorArea;
  /** Unless whoever finds it knows that it is less grave there. */
  readonly severity: Severity;
  /** It may be gone in a minute, and nobody need change what was asked for: a host that restarts, a cable that is cut. */
  readonly heals: boolean;
  /** One sentence, for the manual's page of codes. */
  readonly means: string;
};

type MakeKind = (means: string) => ProblemKind;

/** Makers of the kinds of one area, so that a table has one line for each code. `heals`: it stops, and may heal. */
export function kindsOf(area: ErrorArea): Readonly<Record<Severity | "heals", MakeKind>> {
  return {
    stops: (means) => ({ area, severity: "stops", heals: false, means }),
    heals: (means) => ({ area, severity: "stops", heals: true, means }),
    warns: (means) => ({ area, severity: "warns", heals: false, means }),
    notes: (means) => ({ area, severity: "notes", heals: false, means }),
  };
}

export type ProblemTable = Readonly<Record<string, ProblemKind>>;
