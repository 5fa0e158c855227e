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

type How = {
  readonly columns: number;
  readonly withAdvice?: boolean;
  /** Last, as in an error: virt-p2v-codes(7) says more of it. */
  readonly withCode?: boolean;
};

export function problemLines(
  { code, severity, text, advice }: Problem,
  { columns, withAdvice = true, withCode = false }: How,
): readonly string[] {
  const said = `${SEVERITIES[severity]}: ${text}`;
  const what = withAdvice ? String(advice) : "";
  const end = withCode ? ` [${code}]` : "";
  if (what === "") return wrapLines(`${said}${end}`, columns).split("\n");
  const how = { indent: 4, width: columns };
  return [...wrapLines(said, columns).split("\n"), ...wrap(`${what}${end}`, how).split("\n")];
}

/** Each ends with a newline. */
export function printProblems(
  problems: readonly Problem[],
  { columns = 80, withCode = true }: { columns?: number; withCode?: boolean } = {},
): string {
  return sortProblems(problems)
    .flatMap((problem) => problemLines(problem, { columns, withCode }))
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
