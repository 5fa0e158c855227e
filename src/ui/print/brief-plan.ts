// SPDX-License-Identifier: Apache-2.0
// A plan in one screenful, for whoever is asked about it next: summary and problems; what does not fit is counted and named.
import type { Preview, Problem } from "../../core/index.ts";
import { cutTo } from "../text/columns.ts";
import { factLines, wrap } from "../text/wrap.ts";
import { chainFact } from "./chain.ts";
import { changesFact, planFacts } from "./plan-facts.ts";
import { countProblems, problemLines, sortProblems } from "./problems.ts";

/** Of disks and of network cards, before they are only named. */
const MOST = 3;
const MOST_REST_LINES = 2;

type Screenful = { readonly columns: number; readonly rows: number };

/**
 * At most `rows` lines, without a newline at the end. Problems come before words about the VM: where not all fits, each fact
 * keeps one line, then notes go without advice, then warnings; then as many problems as fit, and the others by name.
 */
export function printBriefPlan(
  preview: Preview,
  { destination, columns, rows }: Screenful & { readonly destination: string },
): string {
  const { chain } = preview;
  const known = [
    ...planFacts(preview, { destination, most: MOST }),
    ...(chain === null ? [] : [chainFact(chain)]),
    changesFact(preview),
  ];
  const facts = factLines(known, columns);
  const problems = sortProblems(preview.problems);
  if (problems.length === 0) return facts.slice(0, rows).join("\n");
  const short = factLines(known, Number.POSITIVE_INFINITY).map((line) => cutTo(line, columns, "..."));
  const reported = (withAdvice: (problem: Problem) => boolean): readonly string[] =>
    problems.flatMap((problem) => problemLines(problem, { columns, withAdvice: withAdvice(problem) }));
  const stops = ({ severity }: Problem): boolean => severity === "stops";
  const whole = [
    [facts, reported(() => true)],
    [short, reported(() => true)],
    [short, reported(({ severity }) => severity !== "notes")],
    [short, reported(stops)],
  ] as const;
  for (const [above, below] of whole)
    if (above.length + 1 + below.length <= rows) return [...above, "", ...below].join("\n");
  const room = Math.max(rows - short.length - 1, MOST_REST_LINES);
  const below = fittingProblems(problems, { columns, rows: room });
  return [...short.slice(0, rows - below.length - 1), "", ...below].join("\n");
}

function fittingProblems(problems: readonly Problem[], { columns, rows }: Screenful): readonly string[] {
  const blocks = problems.map((problem) =>
    problemLines(problem, { columns, withAdvice: problem.severity === "stops" }),
  );
  for (let count = problems.length - 1; count > 0; count -= 1) {
    const lines = [...blocks.slice(0, count).flat(), ...restLines(problems.slice(count), columns)];
    if (lines.length <= rows) return lines;
  }
  return restLines(problems, columns);
}

function restLines(rest: readonly Problem[], columns: number): readonly string[] {
  const names = [...new Set(rest.map(({ code }) => code))].join(", ");
  const lines = wrap(`Not shown here: ${countProblems(rest)} (${names})`, { width: columns }).split("\n");
  if (lines.length <= MOST_REST_LINES) return lines;
  return [...lines.slice(0, MOST_REST_LINES - 1), cutTo(lines.slice(1).join(" "), columns, " ...")];
}
