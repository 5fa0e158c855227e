// SPDX-License-Identifier: Apache-2.0
// virt-p2v inspect: this machine, a recorded or surveyed one, or disks with the system on them; the collector's script.
import { UserError } from "../../core/index.ts";
import { readCollector } from "../../inspect/index.ts";
import { inspectDisks, inspectSurvey, inspectThisMachine } from "../../job/index.ts";
import { keysOf, was } from "../settings/index.ts";
import { printGuest, printMachine, printProblems } from "../print/index.ts";
import { type CommandRunner, makePrinter, sayJson, sayLines, silent, widthOf } from "./context.ts";

export const runInspect: CommandRunner = async (given, { signal }) => {
  const disks = given.many("disk");
  const sysroot = given.one("sysroot");
  const json = given.flag("json");
  const survey = given.positional;
  if (given.flag("collector")) {
    process.stdout.write(await readCollector());
    return 0;
  }
  if (disks.length > 0 && sysroot !== null)
    throw new UserError("disk-or-sysroot", "--disk and --sysroot do not go together", {
      advice: "A recorded machine brings its own disks",
    });
  if (survey !== null && (disks.length > 0 || sysroot !== null))
    throw new UserError("survey-alone", "An archive goes with neither --disk nor --sysroot", {
      advice: "Give the archive alone: it brings its own disks",
    });
  const printer = json ? silent : makePrinter({ json, verbose: given.flag("verbose") });
  const { machine, guest, problems } =
    disks.length > 0
      ? await inspectDisks(disks, {
          keys: keysOf(given),
          root: given.one("root"),
          was: was(given),
          signal,
          emit: printer.emit,
        })
      : survey !== null
        ? await inspectSurvey(survey, { signal })
        : await inspectThisMachine({ sysroot, signal });
  printer.close();
  if (json) {
    sayJson({ ...machine, guest, problems });
    return 0;
  }
  const utf8 = /utf-?8/i.test(process.env["LC_ALL"] ?? process.env["LC_CTYPE"] ?? process.env["LANG"] ?? "");
  const columns = widthOf(process.stdout);
  sayLines(printMachine(machine, { ascii: !utf8, columns }));
  if (guest !== null) sayLines(printGuest(guest, { columns }));
  if (problems.length > 0) sayLines(printProblems(problems, { columns }));
  return 0;
};
