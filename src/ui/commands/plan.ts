// SPDX-License-Identifier: Apache-2.0
// virt-p2v plan: everything a migration would do, and nothing done.
import { EXIT_CODES } from "../../core/index.ts";
import { parseDestination } from "../../hosts/index.ts";
import { planOnly, printDestination, problemArea } from "../../job/index.ts";
import { confirmed, stoppers } from "../../plan/index.ts";
import { printPlan } from "../print/plan.ts";
import { answersOf } from "../settings/index.ts";
import { type CommandRunner, makePrinter, say, sayJson, silent } from "./context.ts";

export const runPlan: CommandRunner = async (given, { signal }) => {
  const destination = parseDestination(given.one("to") ?? "");
  const json = given.flag("json");
  const printer = json ? silent : makePrinter({ json });
  const { preview, diffs } = await planOnly({
    answers: answersOf(given, destination),
    sshConfig: given.one("ssh-config"),
    signal,
    emit: printer.emit,
  });
  printer.close();
  if (json) sayJson({ ...confirmed(preview), diffs });
  else say(printPlan(preview, { destination: printDestination(destination, preview.intent.name), diffs }));
  const [stopper] = stoppers(preview);
  return stopper === undefined ? 0 : EXIT_CODES[problemArea(stopper)];
};
