// SPDX-License-Identifier: Apache-2.0
// virt-p2v wizard: the questions, one page each, on this terminal. On the live CD with what the boot said already.
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../core/index.ts";
import { readMissingFirmware } from "../../inspect/index.ts";
import { inspectThisMachine, localDisks } from "../../job/index.ts";
import { readBounded, replaceFile } from "../../system/index.ts";
import {
  answerKeys,
  type FileAnswers,
  type Given,
  liveSettings,
  parseAnswerFile,
  parseCommandLine,
  renderAnswers,
  SETTINGS,
  type SettingName,
} from "../settings/index.ts";
import { NO_NETWORK, openDialogScreen, runWizard, type WizardState } from "../wizard/index.ts";
import { readAnswers } from "./answer-source.ts";
import { type CommandRunner, say } from "./context.ts";
import { withTrace } from "./with-trace.ts";

/** In memory: what was answered before the wizard ended or crashed. No secrets are in it. */
const KEPT = "/run/virt-p2v/answers.yaml";

/** Made by the initramfs of the live CD. */
const IN_MEMORY = "/run/p2v/in-memory";

export const runWizardCommand: CommandRunner = async (given, { signal }) => {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true)
    throw new UserError("nobody-to-ask", "The wizard needs a terminal", {
      advice: "Start it in one of 80 columns and 24 lines; virt-p2v migrate asks nothing",
    });
  const live = given.one("cmdline") !== null;
  if (live) say("  the answers that came with the boot");
  const boot = live ? await bootAnswers(given, signal) : { answers: new Map(), trouble: null };
  const answers = new Map([...boot.answers, ...(live ? await keptAnswers() : []), ...givenAnswers(given)]);
  say("  firmware, processor, memory, network cards");
  const { machine } = await inspectThisMachine({ sysroot: given.one("sysroot"), signal });
  say("  disks that can be taken");
  const disks = given.many("disk").length > 0 ? given.many("disk") : await localDisks({ signal });
  await using screen = await openDialogScreen(signal);
  const state: WizardState = {
    machine,
    live,
    now: new Date(),
    missingFirmware: live ? await readMissingFirmware(machine, { signal }) : [],
    inMemory: live && (await readBounded(IN_MEMORY)) !== null,
    disks,
    guest: null,
    problems: [],
    lookedAt: false,
    keyboard: { wanted: "us", loaded: "us" },
    network: NO_NETWORK,
    answers,
    password: null,
    passphrases: [],
    hostKeys: null,
  };
  const keep = async ({ answers: given }: WizardState): Promise<void> => {
    if (!live) return;
    await mkdir(dirname(KEPT), { recursive: true, mode: 0o700 });
    await replaceFile(KEPT, renderAnswers(given));
  };
  const path = boot.answers.get("trace")?.[0] ?? null; // p2v.trace; --trace is on already
  return await withTrace({ path, argv: ["virt-p2v", "wizard"], signal }, () =>
    runWizard({ screen, state, trouble: boot.trouble, keep, signal }),
  );
};

/** What is wrong in them is said first, and the questions are asked without. */
async function bootAnswers(
  given: Given,
  signal: AbortSignal,
): Promise<{ answers: FileAnswers; trouble: UserError | null }> {
  const cmdline = (await readBounded(given.one("cmdline") ?? ""))?.toString("utf8") ?? "";
  try {
    const file = await readAnswers(liveSettings(cmdline).config, { signal });
    const { migrate, identity, hostKey } = liveSettings(cmdline, file);
    const argv = migrate.filter((word) => word !== "--yes");
    const answers = new Map(givenAnswers(parseCommandLine(given.command, argv)));
    if (identity !== null) answers.set("identity", [identity]);
    if (hostKey !== null) answers.set("host-key", [hostKey]);
    return { answers, trouble: null };
  } catch (error) {
    if (!(error instanceof UserError) || signal.aborted) throw error;
    return { answers: new Map(), trouble: error };
  }
}

async function keptAnswers(): Promise<FileAnswers> {
  const text = (await readBounded(KEPT))?.toString("utf8");
  return text === undefined ? new Map() : parseAnswerFile(text, KEPT).defaults;
}

/** What the command line says is answered already; it can be changed on its page. */
function givenAnswers(given: Given): FileAnswers {
  const answers = new Map<SettingName, readonly string[]>();
  for (const name of answerKeys()) {
    if (!given.command.settings.includes(name)) continue;
    if (name === "trace" && given.one("cmdline") !== null) continue; // it is on already
    if (SETTINGS[name].value === null) {
      if (given.flag(name)) answers.set(name, ["true"]);
      continue;
    }
    const values = SETTINGS[name].repeated
      ? given.many(name)
      : [given.one(name)].filter((one) => one !== null);
    if (values.length > 0) answers.set(name, values);
  }
  return answers;
}
