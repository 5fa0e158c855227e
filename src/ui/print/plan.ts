// SPDX-License-Identifier: Apache-2.0
// A plan as a person reads it: the changes, as diffs for who asks; then, last and in sight, summary and problems.
import { counted, formatBytes, groupChanges, type Preview } from "../../core/index.ts";
import { factLines, wrap, wrapLines } from "../text/wrap.ts";
import { chainLines } from "./chain.ts";
import { planFacts } from "./plan-facts.ts";
import { countProblems, printProblems } from "./problems.ts";

export type PlanOptions = {
  readonly destination: string;
  /** Of the terminal; Infinity: nothing is broken. Diffs never are. */
  readonly columns: number;
  /** Each change as a diff; else they are only named. */
  readonly diffs: boolean;
};

export function printPlan(preview: Preview, options: PlanOptions): string {
  const { destination, columns } = options;
  const { problems } = preview;
  const facts = factLines(planFacts(preview, { destination }), columns);
  const stops = problems.some(({ severity }) => severity === "stops");
  const verdict = `${stops ? "This cannot begin" : "Nothing stops this"}: ${countProblems(problems)}.`;
  return [
    printChanges(preview, options),
    ...facts.map((line) => `${line}\n`),
    ...(preview.chain === null
      ? []
      : ["\n", ...chainLines(preview.chain, columns).map((line) => `${line}\n`)]),
    ...(problems.length === 0
      ? []
      : ["\n", printProblems(problems, { columns }), `\n${wrapLines(verdict, columns)}\n`]),
  ].join("");
}

function printChanges({ changes }: Preview, { columns, diffs }: PlanOptions): string {
  if (changes.length === 0) return "Nothing in the guest needs a change.\n\n";
  const shown = diffs ? "" : " (--diff shows them)";
  const out = [`${changes.length} ${changes.length === 1 ? "change" : "changes"} in the guest${shown}:\n`];
  for (const group of groupChanges(changes)) {
    const { step, why } = group.kind === "many" ? group : group.change;
    const head = group.kind === "many" ? counted(group.count, "file") : group.change.path;
    if (diffs) out.push("\n");
    out.push(`${wrapLines(head, columns)}\n${wrap(`${step}: ${why}`, { indent: 2, width: columns })}\n`);
    if (group.kind === "many") {
      for (const [place, count] of group.places) out.push(`${wrapLines(`  ${place}: ${count}`, columns)}\n`);
      continue;
    }
    if (!diffs) continue;
    const diff = group.change.diff ?? "";
    if (diff !== "") out.push(`${diff.trimEnd()}\n`);
    else if (group.change.after.kind === "bytes")
      out.push(`  ${formatBytes(group.change.after.sizeBytes)}, not text\n`);
  }
  return `${out.join("")}\n`;
}
