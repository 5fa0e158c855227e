// SPDX-License-Identifier: Apache-2.0
// A plan in one screenful, for whoever is asked about it next: summary and problems; what does not fit is counted and named.
import type { Preview, Problem } from "../../core/index.ts";
import { cutTo } from "../text/columns.ts";
import { factLines, wrap } from "../text/wrap.ts";
import { changesFact, planFacts } from "./plan-facts.ts";
import { countProblems, problemLines, sortProblems } from "./problems.ts";

/** Of disks and of network cards, before they are only named. */
const MOST = 3;
const MOST_REST_LINES = 2;

type Screenful = { readonly columns: number; readonly rows: number };

/** At most `rows` lines, without a newline at the end. */
export function printBriefPlan(
  preview: Preview,
  { destination, columns, rows }: Screenful & { readonly destination: string },
): string {
  const facts = factLines(
    [...planFacts(preview, { destination, most: MOST }), changesFact(preview)],
    columns,
  );
  const problems = sortProblems(preview.problems);
  if (problems.length === 0) return facts.slice(0, rows).join("\n");
  const room = rows - facts.length - 1;
  const shown = fittingProblems(problems, { columns, rows: Math.max(room, MOST_REST_LINES) });
  return [...facts.slice(0, rows - shown.length - 1), "", ...shown].join("\n");
}

/** With all advice, or that of notes left out, or all; or as many as fit, and the others by name. */
function fittingProblems(problems: readonly Problem[], { columns, rows }: Screenful): readonly string[] {
  const advised: readonly ((problem: Problem) => boolean)[] = [
    () => true,
    ({ severity }) => severity !== "notes",
    ({ severity }) => severity === "stops",
  ];
  const blocks = advised.map((withAdvice) =>
    problems.map((problem) => problemLines(problem, { columns, withAdvice: withAdvice(problem) })),
  );
  for (const lines of blocks) if (lines.flat().length <= rows) return lines.flat();
  const shortest = blocks.at(-1) ?? [];
  for (let count = problems.length - 1; count > 0; count -= 1) {
    const lines = [...shortest.slice(0, count).flat(), ...restLines(problems.slice(count), columns)];
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
