// SPDX-License-Identifier: Apache-2.0
// Problems as a person reads them: what stops first, each with what to do.
import type { Problem } from "../../core/index.ts";
import { wrap, wrapLines } from "../text/wrap.ts";

const SEVERITIES: Readonly<Record<Problem["severity"], string>> = {
  stops: "STOPS",
  warns: "WARNING",
  notes: "NOTE",
};

export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const rank = (problem: Problem): number => Object.keys(SEVERITIES).indexOf(problem.severity);
  return problems.toSorted((a, b) => rank(a) - rank(b));
}

export function problemLines(
  { severity, text, advice }: Problem,
  { columns, withAdvice = true }: { columns: number; withAdvice?: boolean },
): readonly string[] {
  const lines = wrapLines(`${SEVERITIES[severity]}: ${text}`, columns).split("\n");
  const what = String(advice);
  if (what === "" || !withAdvice) return lines;
  return [...lines, ...wrap(what, { indent: 4, width: columns }).split("\n")];
}

/** Each ends with a newline. */
export function printProblems(
  problems: readonly Problem[],
  { columns = 80 }: { columns?: number } = {},
): string {
  return sortProblems(problems)
    .flatMap((problem) => problemLines(problem, { columns }))
    .map((line) => `${line}\n`)
    .join("");
}

const NOUNS: Readonly<Record<Problem["severity"], readonly [one: string, many: string]>> = {
  stops: ["that stops", "that stop"],
  warns: ["warning", "warnings"],
  notes: ["note", "notes"],
};

/** `2 warnings, 1 note`; `none` of an empty list. */
export function countProblems(problems: readonly Problem[]): string {
  const counts = (["stops", "warns", "notes"] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : [`${count} ${NOUNS[severity][count === 1 ? 0 : 1]}`];
  });
  return counts.length === 0 ? "none" : counts.join(", ");
}
