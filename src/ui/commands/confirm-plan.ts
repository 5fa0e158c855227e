// SPDX-License-Identifier: Apache-2.0
// Shows a plan and asks about it: summary and problems stand right before the question, the diffs are a key away.
import type { Preview } from "../../core/index.ts";
import { printBriefPlan } from "../print/brief-plan.ts";
import { printPlan } from "../print/plan.ts";
import type { Given } from "../settings/index.ts";
import { askLine, askYes, isYes } from "./ask.ts";
import { tellLines, widthOf } from "./context.ts";
import { page } from "./pager.ts";

type Options = {
  readonly destination: string;
  readonly question: string;
  readonly given: Given;
  readonly signal: AbortSignal;
};

const USUAL_ROWS = 24;
const LEAST_ROWS = 10;

export async function confirmPlan(
  preview: Preview,
  { destination, question, given, signal }: Options,
): Promise<boolean> {
  const withDiffs = given.flag("diff");
  const columns = widthOf(process.stderr);
  const print = (diffs: boolean): string => printPlan(preview, { destination, columns, diffs });
  if (given.flag("yes") || process.stderr.isTTY !== true || process.stdin.isTTY !== true) {
    if (!given.flag("json")) tellLines(`\n${print(withDiffs)}`);
    return given.flag("yes") || (await askYes(question, signal));
  }
  if (withDiffs) tellLines(`\n${print(true)}`);
  const prompt = `${question} [y/N; d shows all, with diffs] `;
  for (;;) {
    // The question is the last row of the screen.
    const rows = Math.max(LEAST_ROWS, process.stderr.rows || USUAL_ROWS) - 1;
    tellLines(printBriefPlan(preview, { destination, columns: widthOf(process.stderr), rows }));
    const answer = await askLine(prompt, signal);
    if (answer.toLowerCase() !== "d") return isYes(answer);
    await page(print(true), signal);
  }
}
