// SPDX-License-Identifier: Apache-2.0
// virt-p2v plan: everything a migration would do, and nothing done.
import { EXIT_CODES, type Preview } from "../../core/index.ts";
import { parseDestination } from "../../hosts/index.ts";
import { planOnly, printDestination, problemArea } from "../../job/index.ts";
import { confirmed, stoppers } from "../../plan/index.ts";
import { printPlan } from "../print/plan.ts";
import { answersOf } from "../settings/index.ts";
import { plain, renderJson } from "../print/plain.ts";
import { type CommandRunner, makePrinter, say, sayJson, silent } from "./context.ts";
import { runSurveyPlan } from "./plan-survey.ts";

export const runPlan: CommandRunner = async (given, { signal }) => {
  if (given.many("machine").length > 0) return await runSurveyPlan(given, { signal });
  const destination = parseDestination(given.one("to") ?? "");
  const json = given.flag("json");
  const printer = json ? silent : makePrinter({ json });
  const print = (preview: Preview, diffs: readonly (string | null)[]): string =>
    printPlan(preview, { destination: printDestination(destination, preview.intent.name), diffs });
  const { preview, diffs, saved } = await planOnly({
    answers: answersOf(given, destination),
    sshConfig: given.one("ssh-config"),
    save: given.flag("save")
      ? (preview, diffs) => ({
          ".plan.txt": plain(`${print(preview, diffs)}\n`),
          ".plan.json": `${renderJson({ ...confirmed(preview), diffs }, 2)}\n`,
        })
      : null,
    signal,
    emit: printer.emit,
  });
  printer.close();
  if (json) sayJson({ ...confirmed(preview), diffs });
  else say(print(preview, diffs));
  if (!json) for (const path of saved) say(`Saved: ${path}`);
  const [stopper] = stoppers(preview);
  return stopper === undefined ? 0 : EXIT_CODES[problemArea(stopper)];
};
