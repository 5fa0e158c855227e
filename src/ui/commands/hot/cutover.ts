// SPDX-License-Identifier: Apache-2.0
// virt-p2v cutover: all findings, the plan and the question; then the server is gone.
import { formatSeconds, type Machine, type Preview, UserError } from "../../../core/index.ts";
import { parseDestination } from "../../../hosts/index.ts";
import { openLiveParts } from "../../../iso/index.ts";
import { type CutoverCheck, cutover, downtimeAfter } from "../../../job/index.ts";
import { printProblems } from "../../print/index.ts";
import { printPlan } from "../../print/plan.ts";
import {
  answersOf,
  type FileAnswers,
  type Given,
  renderAnswers,
  SETTINGS,
  type SettingName,
} from "../../settings/index.ts";
import { renderJson } from "../../text/plain.ts";
import { VERSION } from "../../version.ts";
import { askYes } from "../ask.ts";
import { type CommandRunner, makePrinter, say, tell, tellLines, widthOf } from "../context.ts";

export const runCutover: CommandRunner = async (given, { signal }) => {
  const destination = parseDestination(given.one("to") ?? "");
  const answers = answersOf(given, destination);
  const from = livePlace(given);
  const onfail = choice(given, "onfail", ["local", "wait", "poweroff"]);
  if (choice(given, "post", ["none", "poweroff", "reboot"]) === "reboot" && given.flag("start"))
    throw new UserError(
      "post-wrong",
      "--start and --post reboot: the VM and the server's own system would both run, with the same addresses",
      { advice: "Give --post poweroff, or none" },
    );
  const json = given.flag("json");
  await using live = await openLiveParts(from);
  const printer = makePrinter({ json, verbose: false });
  let stops = false;
  const result = await cutover({
    answers,
    live,
    answerFile: (machine) => renderAnswers(answersFrom(given, machine)),
    returns: onfail === "local",
    identity: given.one("identity"),
    sshConfig: given.one("ssh-config"),
    version: VERSION,
    emit: printer.emit,
    confirm: async (checked) => {
      printer.close();
      stops = allProblems(checked).some(({ severity }) => severity === "stops");
      show(checked, given);
      if (stops || given.flag("dry-run")) return false;
      return given.flag("yes") || (await askYes("Shut this server down, and replace it now?", signal));
    },
    onStep: (text) => {
      if (json) process.stdout.write(`${renderJson({ type: "step", text })}\n`);
      else tell(text);
    },
    signal,
  }).finally(() => printer.close());
  if (json) process.stdout.write(`${renderJson({ type: "cutover", result: result.kind })}\n`);
  else if (result.kind === "declined") say("Nothing was done.");
  return result.kind === "declined" && stops ? 3 : 0;
};

function livePlace(given: Given): { iso: string } | { pxe: string } {
  const iso = given.one("iso");
  const pxe = given.one("pxe");
  if (iso !== null && pxe === null) return { iso };
  if (pxe !== null && iso === null) return { pxe };
  throw new UserError("iso-or-pxe", "cutover needs to know where the live system is: either --iso or --pxe", {
    advice: "Give --iso virt-p2v.iso, an image of this version",
  });
}

function choice<const T extends string>(given: Given, name: "post" | "onfail", all: readonly [T, ...T[]]): T {
  const value = given.one(name) ?? all[0];
  const found = all.find((one) => one === value);
  if (found !== undefined) return found;
  throw new UserError(`${name}-wrong`, `--${name} "${value}" is not understood`, {
    advice: `Give one of ${all.join(", ")}`,
  });
}

const NOT_FOR_LIVE: ReadonlySet<SettingName> = new Set([
  ...(["iso", "pxe", "disk", "to", "name", "ssh-config", "identity", "dry-run"] as const),
  ...(["yes", "diff", "json", "trace", "help"] as const),
]);

/** For the live system: as given here. What is told of a machine by how it was started is told by how it was once started. */
export function answersFrom(given: Given, { firmware }: Pick<Machine, "firmware">): FileAnswers {
  const answers = new Map<SettingName, readonly string[]>();
  for (const name of given.command.settings) {
    if (NOT_FOR_LIVE.has(name)) continue;
    const { value, repeated } = SETTINGS[name];
    const one = given.one(name);
    const values =
      value === null
        ? given.flag(name)
          ? ["true"]
          : []
        : repeated
          ? given.many(name)
          : one === null
            ? []
            : [one];
    if (values.length > 0) answers.set(name, values);
  }
  if (!answers.has("onfail")) answers.set("onfail", ["local"]);
  if (!answers.has("firmware") && firmware.kind === "known") {
    const { value } = firmware;
    answers.set("firmware", [value.kind === "bios" ? "bios" : value.secureBoot ? "secure" : "uefi"]);
  }
  return answers;
}

const allProblems = ({ problems, preview }: CutoverCheck): Preview["problems"] => [
  ...problems,
  ...(preview?.problems ?? []),
];

function show(checked: CutoverCheck, given: Given): void {
  const { preview, problems, lastPassSeconds } = checked;
  if (given.flag("json")) {
    process.stdout.write(
      `${renderJson({ type: "cutover-check", problems: allProblems(checked), lastPassSeconds })}\n`,
    );
    return;
  }
  const columns = widthOf(process.stderr);
  if (preview !== null)
    tellLines(
      `\n${printPlan(preview, { destination: `${given.one("to") ?? ""}/${preview.intent.name}`, columns, diffs: given.flag("diff") })}`,
    );
  tellLines(`\n${printProblems(problems, { columns: Math.min(columns, 200) })}`);
  if (lastPassSeconds !== null)
    tell(
      `Downtime: about ${formatSeconds(downtimeAfter(lastPassSeconds))}: the last pass of copy --live took ${formatSeconds(lastPassSeconds)}, and shutdown, conversion and boot check some minutes.`,
    );
}
