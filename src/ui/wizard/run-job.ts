// SPDX-License-Identifier: Apache-2.0
// The plan, the confirmation, the migration with its progress, and the end.
import { type Preview, UserError } from "../../core/index.ts";
import { writePinnedSshConfig } from "../../hosts/index.ts";
import { migrate, printDestination } from "../../job/index.ts";
import { exitCodeOf, nextSteps, verdictOf } from "../../report/index.ts";
import { makeRunDirectory, type TerminalFeed } from "../../system/index.ts";
import { printPlan } from "../print/plan.ts";
import { VERSION } from "../version.ts";
import { paragraphs } from "./box.ts";
import { Gauge } from "./gauge.ts";
import type { Screen } from "./screen.ts";
import { answer, jobAnswers, type WizardState } from "./state.ts";

type Options = { readonly screen: Screen; readonly state: WizardState; readonly signal: AbortSignal };

/** `back`: the user did not like the plan. `mend`: it has a problem that stops, and the user saw it. */
export type JobEnd =
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "back" }
  | { readonly kind: "mend"; readonly error: UserError };

export async function runJob({ screen, state, signal }: Options): Promise<JobEnd> {
  const answers = jobAnswers(state);
  await using directory = await makeRunDirectory("wizard");
  const { destination } = answers;
  const fingerprint = answer(state, "host-key");
  const sshConfig =
    destination.kind === "ssh" && fingerprint !== null
      ? await writePinnedSshConfig({
          destination,
          identity: answer(state, "identity"),
          fingerprint,
          directory: directory.path,
          signal,
        })
      : answer(state, "ssh-config");
  const progress = new Progress(screen);
  let sawStopper = false;
  /** Help is not the plan's: it is shown again. */
  const show = async (
    preview: Preview,
    diffs: readonly (string | null)[],
    next: string,
  ): Promise<boolean> => {
    const text = printPlan(preview, {
      destination: printDestination(destination, preview.intent.name),
      diffs,
    });
    for (;;) {
      const said = await screen.ask({ kind: "text", title: "The plan", text, next, back: "Back" });
      if (said.kind === "help")
        await screen.ask({ kind: "text", title: "Help", text: PLAN_HELP, next: "Back", back: "Close" });
      else if (said.kind !== "escape") return said.kind === "next";
    }
  };
  try {
    progress.begin("Working out the plan; nothing is written");
    const report = await migrate({
      answers,
      sshConfig,
      version: VERSION,
      signal,
      emit: (event) => progress.take(event),
      confirm: async (preview, diffs) => {
        await progress.end();
        const said = await show(preview, diffs, "Begin");
        if (!said) return false;
        progress.begin("Migration; the disks of this machine are only read");
        return true;
      },
      stopped: async (preview, diffs) => {
        await progress.end();
        sawStopper = true;
        await show(preview, diffs, "Mend");
      },
    });
    await progress.end();
    if (report === null) return { kind: "back" };
    const verdict = verdictOf(report.outcome);
    const steps = nextSteps(report).map((step, index) => `${index + 1}. ${step}`);
    await screen.ask({
      kind: "text",
      title: "Done",
      text: paragraphs(
        `${report.name}: ${verdict.title}`,
        verdict.detail,
        ...steps,
        `Report: ${report.destination}/report.html`,
      ),
      next: "Next",
      back: "Next",
    });
    return { kind: "ended", code: exitCodeOf(report) };
  } catch (error) {
    if (sawStopper && error instanceof UserError) return { kind: "mend", error };
    throw error;
  } finally {
    await progress.end();
  }
}

const PLAN_HELP = paragraphs(
  "Problems come first: what STOPS must be mended before anything begins; a WARNING is told again in the report. Then the VM, the bytes to send, and each file that will change in it as a diff: lines with - go, lines with + come. Arrows and Page Down scroll.",
  "The changes were worked out for real, on an overlay above the disks. Begin converts there, copies the blocks in use, reads each back on the host, and starts the VM once on a throw-away overlay.",
);

/** The gauge, drawn at most twice a second. */
class Progress {
  readonly #screen: Screen;
  #gauge = new Gauge();
  #feed: TerminalFeed | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  begin(title: string): void {
    this.#gauge = new Gauge();
    const feed = this.#screen.gauge(title);
    this.#feed = feed;
    this.#timer = setInterval(() => feed.write(this.#gauge.render()), 500);
  }

  take(event: Parameters<Gauge["take"]>[0]): void {
    this.#gauge.take(event);
  }

  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    const feed = this.#feed;
    this.#feed = null;
    await feed?.[Symbol.asyncDispose]();
  }
}
