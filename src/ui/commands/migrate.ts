// SPDX-License-Identifier: Apache-2.0
// virt-p2v migrate: shows the plan, asks, runs the job, says the verdict.
import { parseDestination } from "../../hosts/index.ts";
import { migrate, printDestination } from "../../job/index.ts";
import { comparedText, exitCodeOf, nextSteps, verdictOf } from "../../report/index.ts";
import { keepPlan } from "../last-run.ts";
import { printPlan } from "../print/plan.ts";
import { answersOf } from "../settings/index.ts";
import { VERSION } from "../version.ts";
import { askYes } from "./ask.ts";
import { confirmPlan } from "./confirm-plan.ts";
import { type CommandRunner, makePrinter, say, tellLines, widthOf } from "./context.ts";
import { renderJson } from "../text/plain.ts";

export const runMigrate: CommandRunner = async (given, { signal }) => {
  const destination = parseDestination(given.one("to") ?? "");
  const answers = answersOf(given, destination);
  const json = given.flag("json");
  const printer = makePrinter({ json, verbose: given.flag("verbose") });
  try {
    const report = await migrate({
      answers,
      sshConfig: given.one("ssh-config"),
      version: VERSION,
      signal,
      emit: printer.emit,
      confirm: async (preview) => {
        await keepPlan(preview);
        const shown = printDestination(destination, preview.intent.name);
        return await confirmPlan(preview, { destination: shown, question: "Begin?", given, signal });
      },
      stopped: async (preview) => {
        await keepPlan(preview);
        const shown = printDestination(destination, preview.intent.name);
        const options = { destination: shown, columns: widthOf(process.stderr), diffs: given.flag("diff") };
        if (!json) tellLines(`\n${printPlan(preview, options)}`);
      },
      confirmStart: async ({ name, outcome }) => {
        if (outcome.kind === "not-booted") return false; // what was seen to fail does not replace a server
        const question = `Start ${name} now? The original must be off: both have the same addresses.`;
        return given.flag("yes") || (await askYes(question, signal));
      },
    });
    printer.close();
    if (report === null) {
      say("Nothing was done.");
      return 0;
    }
    if (json) process.stdout.write(`${renderJson({ type: "report", report })}\n`);
    else {
      const verdict = verdictOf(report.outcome);
      say(`\n${report.name}: ${verdict.title}\n  ${verdict.detail}\n`);
      if (report.compared !== null && report.compared !== undefined)
        say(`Image and source: ${comparedText(report.compared)}\n`);
      for (const [index, step] of nextSteps(report).entries()) say(`  ${index + 1}. ${step}`);
      say(`\nReport: ${report.destination}/report.html`);
    }
    return exitCodeOf(report);
  } finally {
    printer.close();
  }
};
