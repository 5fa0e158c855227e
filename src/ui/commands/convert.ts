// SPDX-License-Identifier: Apache-2.0
// virt-p2v convert: conversion of disk images alone, and back.
import { explainSteps } from "../../convert/index.ts";
import { areaOf, counted, EXIT_CODES, type Preview, UserError } from "../../core/index.ts";
import { convertImages, type ConvertWay, undoConversion } from "../../job/index.ts";
import { stoppers } from "../../plan/index.ts";
import { keepPlan } from "../last-run.ts";
import { printPlan } from "../print/plan.ts";
import { planJson } from "../print/plan-json.ts";
import { answersOf, type Given, keysOf } from "../settings/index.ts";
import { VERSION } from "../version.ts";
import { askYes } from "./ask.ts";
import { confirmPlan } from "./confirm-plan.ts";
import {
  type CommandRunner,
  makePrinter,
  say,
  sayJson,
  sayLines,
  silent,
  tellLines,
  widthOf,
} from "./context.ts";

export const runConvert: CommandRunner = async (given, context) => {
  if (given.flag("list-steps")) return listSteps(given);
  const directory = given.one("undo");
  return directory === null ? await convert(given, context) : await undo(given, directory, context);
};

function listSteps(given: Given): number {
  const steps = explainSteps();
  if (given.flag("json")) sayJson(steps);
  else for (const { name, explains } of steps) say(`${name.padEnd(18)} ${explains}`);
  return 0;
}

async function convert(given: Given, { signal }: Parameters<CommandRunner>[1]): Promise<number> {
  const [first, ...others] = given.positionals;
  if (first === undefined)
    throw new UserError("argument-missing", "virt-p2v convert needs an IMAGE", {
      advice: "See virt-p2v convert --help",
    });
  const way = wayOf(given);
  const json = given.flag("json");
  const printer = json ? silent : makePrinter({ json, verbose: given.flag("verbose") });
  const base = answersOf(given, { kind: "dir", path: "/nonexistent" });
  const destination = {
    plan: "nowhere: this is only the plan",
    overlay: given.many("overlay").join(", "),
    "in-place": "the images themselves",
  }[way.kind];
  const print = (preview: Preview, columns: number): string =>
    printPlan(preview, { destination, columns, diffs: given.flag("diff") });
  try {
    const { preview, conversion } = await convertImages({
      answers: { ...base, disks: [first, ...others], bootCheck: false },
      way,
      directory: given.one("keep") ?? `${first}.conversion`,
      version: VERSION,
      confirm: async (preview) => {
        printer.close(); // what goes on has a line of its own
        await keepPlan(preview);
        if (way.kind === "in-place" && stoppers(preview).length === 0)
          return await confirmPlan(preview, {
            destination,
            question: "Write this into the images?",
            given,
            signal,
          });
        if (!json) tellLines(`\n${print(preview, widthOf(process.stderr))}`);
        return stoppers(preview).length === 0;
      },
      signal,
      emit: printer.emit,
    });
    printer.close();
    if (json) sayJson({ ...planJson(preview), conversion });
    else if (way.kind === "plan") {
      sayLines(print(preview, widthOf(process.stdout)));
      say("Nothing was done: --overlay FILE puts the changes above the image, --in-place into it.");
    } else if (conversion === null) say("Nothing was done.");
    else {
      const places = conversion.images.map(({ path, overlay }) => (way.kind === "overlay" ? overlay : path));
      say(`${counted(preview.changes.length, "change")} made in ${places.join(", ")}.`);
      say(`Each file before and after: ${given.one("keep") ?? `${first}.conversion`}`);
    }
    const [stopper] = stoppers(preview);
    return stopper === undefined ? 0 : EXIT_CODES[areaOf(stopper)];
  } finally {
    printer.close();
  }
}

function wayOf(given: Given): ConvertWay {
  const files = given.many("overlay");
  if (given.flag("in-place") && files.length > 0)
    throw new UserError("ways-exclude", "--in-place and --overlay exclude each other", {
      advice: "Give --overlay to leave the image as it is, --in-place to change it",
    });
  if (given.flag("in-place")) return { kind: "in-place" };
  return files.length === 0 ? { kind: "plan" } : { kind: "overlay", files };
}

async function undo(
  given: Given,
  directory: string,
  { signal }: Parameters<CommandRunner>[1],
): Promise<number> {
  const json = given.flag("json");
  const question = `Give every file that ${directory} tells of its state of before?`;
  const printer = json ? silent : makePrinter({ json, verbose: given.flag("verbose") });
  try {
    const undone = await undoConversion(directory, {
      force: given.flag("force"),
      keys: keysOf(given),
      root: given.one("root"),
      images: given.positionals,
      confirm: async () => given.flag("yes") || (await askYes(question, signal)),
      signal,
      emit: printer.emit,
    });
    printer.close();
    if (undone === null) say("Nothing was done.");
    else if (json) sayJson(undone);
    else {
      say(
        `As before the conversion: ${counted(undone.restored.length, "file")} of ${undone.images.join(", ")}.`,
      );
      for (const path of undone.left) say(`  left as it is, since it was changed since: ${path}`);
    }
    return 0;
  } finally {
    printer.close();
  }
}
