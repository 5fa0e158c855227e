// SPDX-License-Identifier: Apache-2.0
// virt-p2v wizard: the questions, one page each, on this terminal.
import { UserError } from "../../core/index.ts";
import { inspectThisMachine, localDisks } from "../../job/index.ts";
import { type FileAnswers, SETTINGS, type SettingName } from "../settings/index.ts";
import { dialogScreen, runWizard } from "../wizard/index.ts";
import type { CommandRunner } from "./context.ts";
import type { Given } from "../settings/index.ts";

export const runWizardCommand: CommandRunner = async (given, { signal }) => {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true)
    throw new UserError("usage", "nobody-to-ask", "The wizard needs a terminal", {
      advice: "Start it in one of 80 columns and 24 lines; virt-p2v migrate asks nothing",
    });
  const named = given.many("disk");
  const { machine } = await inspectThisMachine({ sysroot: given.one("sysroot"), signal });
  const disks = named.length > 0 ? named : await localDisks({ signal });
  return await runWizard({
    screen: dialogScreen(signal),
    state: {
      machine,
      disks,
      guest: null,
      problems: [],
      lookedAt: false,
      answers: answersGiven(given),
      hostKeys: null,
    },
    keep: () => Promise.resolve(),
    signal,
  });
};

/** What the command line says is answered already; it can be changed on its page. */
function answersGiven(given: Given): FileAnswers {
  const answers = new Map<SettingName, readonly string[]>();
  for (const name of given.command.settings) {
    if (name === "help" || name === "sysroot") continue;
    if (SETTINGS[name].value === null) {
      if (given.flag(name)) answers.set(name, ["yes"]);
      continue;
    }
    const values = SETTINGS[name].repeated
      ? given.many(name)
      : [given.one(name)].filter((one) => one !== null);
    if (values.length > 0) answers.set(name, values);
  }
  return answers;
}
