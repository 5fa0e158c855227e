// SPDX-License-Identifier: Apache-2.0
// virt-p2v plan --machine: the plan of machines that were surveyed while they ran; several give a table.
import { areaOf, EXIT_CODES, UserError } from "../../core/index.ts";
import { planSurvey, type SurveyPlan } from "../../job/index.ts";
import { confirmed, stoppers } from "../../plan/index.ts";
import { keepPlan } from "../last-run.ts";
import { planJson } from "../print/plan-json.ts";
import { printPlan, printSurveys, renderSurveyCsv, type SurveyRow } from "../print/index.ts";
import { answersOf, type Given } from "../settings/index.ts";
import { say, sayJson, sayLines, silent, widthOf } from "./context.ts";

const MAX_MACHINES = 1000;
/** They are not asked for, so a plan at a desk shows none. */
const NOWHERE = { kind: "dir", path: "." } as const;

export async function runSurveyPlan(given: Given, { signal }: { signal: AbortSignal }): Promise<number> {
  const files = given.many("machine");
  refuseTogether(given, files);
  const answers = answersOf(given, NOWHERE);
  const plan = (file: string): Promise<SurveyPlan> =>
    planSurvey(file, { answers, signal, emit: silent.emit });
  const [only, ...more] = files;
  if (only !== undefined && more.length === 0 && !given.flag("csv"))
    return await showOne(await plan(only), given);
  const rows: SurveyRow[] = [];
  const all: SurveyPlan[] = [];
  let code = 0;
  for (const file of files) {
    try {
      const made = await plan(file);
      if (given.flag("json")) all.push(made);
      rows.push({ file, machine: made.survey.machine, preview: made.preview });
      const [stopper] = stoppers(made.preview);
      if (stopper !== undefined && code === 0) code = EXIT_CODES[areaOf(stopper)];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      rows.push({ file, error: error.message });
      if (code === 0) code = EXIT_CODES[error.area];
    }
  }
  if (given.flag("json")) sayJson(all.map(toJson));
  else if (given.flag("csv")) process.stdout.write(renderSurveyCsv(rows));
  else say(printSurveys(rows));
  return code;
}

function refuseTogether(given: Given, files: readonly string[]): void {
  const wrong = (text: string, advice: string): UserError => new UserError("machine-wrong", text, { advice });
  if (files.length > MAX_MACHINES)
    throw wrong(`More than ${MAX_MACHINES} archives`, "Give them in several turns");
  if (given.one("to") !== null || given.flag("save"))
    throw wrong(
      "--machine goes with neither --to nor --save",
      "Nothing is connected to at a desk; put the output into a file",
    );
  if (files.length > 1 && (given.one("name") !== null || given.many("disk").length > 0))
    throw wrong("--name and --disk are for one machine", "Give one --machine with them");
}

const toJson = ({ file, survey, preview }: SurveyPlan): unknown => ({
  file,
  date: survey.date,
  machine: survey.machine,
  ...planJson(confirmed(preview)),
});

async function showOne(made: SurveyPlan, given: Given): Promise<number> {
  const { survey, preview } = made;
  await keepPlan(preview);
  if (given.flag("json")) sayJson(toJson(made));
  else {
    const when = survey.date === null ? "" : `, as it was at ${survey.date}`;
    const destination = `not asked; bytes as df counted them${when}`;
    const columns = widthOf(process.stdout);
    sayLines(printPlan(preview, { destination, columns, diffs: given.flag("diff") }));
  }
  const [stopper] = stoppers(preview);
  return stopper === undefined ? 0 : EXIT_CODES[areaOf(stopper)];
}
