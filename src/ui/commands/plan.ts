// SPDX-License-Identifier: Apache-2.0
// virt-p2v plan: everything a migration would do, and nothing done.
import { areaOf, EXIT_CODES, type Preview } from "../../core/index.ts";
import { parseDestination } from "../../hosts/index.ts";
import { planOnly, printDestination } from "../../job/index.ts";
import { confirmed, stoppers } from "../../plan/index.ts";
import { keepPlan } from "../last-run.ts";
import { printPlan } from "../print/plan.ts";
import { planJson } from "../print/plan-json.ts";
import { answersOf } from "../settings/index.ts";
import { plain, renderJson } from "../text/plain.ts";
import { type CommandRunner, makePrinter, say, sayJson, sayLines, silent, widthOf } from "./context.ts";
import { runSurveyPlan } from "./plan-survey.ts";

export const runPlan: CommandRunner = async (given, { signal }) => {
  if (given.many("machine").length > 0) return await runSurveyPlan(given, { signal });
  const destination = parseDestination(given.one("to") ?? "");
  const json = given.flag("json");
  const printer = json ? silent : makePrinter({ json, verbose: given.flag("verbose") });
  const print = (preview: Preview, how: { readonly columns: number; readonly diffs: boolean }): string =>
    printPlan(preview, { destination: printDestination(destination, preview.intent.name), ...how });
  const { preview, saved } = await planOnly({
    answers: answersOf(given, destination),
    sshConfig: given.one("ssh-config"),
    save: given.flag("save")
      ? (preview) => ({
          ".plan.txt": plain(print(preview, { columns: Number.POSITIVE_INFINITY, diffs: true })),
          ".plan.json": `${renderJson(planJson(confirmed(preview)), 2)}\n`,
        })
      : null,
    signal,
    emit: printer.emit,
  });
  printer.close();
  await keepPlan(preview);
  if (json) sayJson(planJson(confirmed(preview)));
  else sayLines(print(preview, { columns: widthOf(process.stdout), diffs: given.flag("diff") }));
  if (!json) for (const path of saved) say(`Saved: ${path}`);
  const [stopper] = stoppers(preview);
  return stopper === undefined ? 0 : EXIT_CODES[areaOf(stopper)];
};
