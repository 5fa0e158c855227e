// SPDX-License-Identifier: Apache-2.0
// The plan, the confirmation, the migration with its progress, and the end.
import { type Report, UserError } from "../../core/index.ts";
import { writeAskpass, writePinnedSshConfig } from "../../hosts/index.ts";
import { migrate } from "../../job/index.ts";
import { exitCodeOf, nextSteps, verdictOf } from "../../report/index.ts";
import { makeRunDirectory, type TerminalFeed } from "../../system/index.ts";
import { keepPlan } from "../last-run.ts";
import { VERSION } from "../version.ts";
import { type Box, paragraphs } from "./box.ts";
import { Gauge } from "./gauge.ts";
import { confirmPlan, showPlan } from "./plan-pages.ts";
import type { Screen } from "./screen.ts";
import { answer, jobAnswers, type WizardState } from "./state.ts";

type Options = { readonly screen: Screen; readonly state: WizardState; readonly signal: AbortSignal };

/** `back`: the user did not like the plan. `fix`: it has a problem that stops, and the user saw it. */
export type JobEnd =
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "back" }
  | { readonly kind: "fix"; readonly error: UserError };

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
  try {
    progress.begin("Working out the plan; nothing is written");
    const report = await migrate({
      answers,
      sshConfig,
      askpass: state.password === null ? null : await writeAskpass(directory.path, state.password),
      version: VERSION,
      signal,
      emit: (event) => progress.take(event),
      confirm: async (preview) => {
        await progress.end();
        await keepPlan(preview);
        if (!(await confirmPlan({ screen, state, preview }))) return false;
        progress.begin("Migration; the disks of this machine are only read");
        return true;
      },
      stopped: async (preview) => {
        await progress.end();
        sawStopper = true;
        await keepPlan(preview);
        await showPlan({ screen, state, preview, next: "Mend" });
      },
    });
    await progress.end();
    if (report === null) return { kind: "back" };
    await screen.ask(doneBox(report));
    return { kind: "ended", code: exitCodeOf(report) };
  } catch (error) {
    if (sawStopper && error instanceof UserError) return { kind: "fix", error };
    throw error;
  } finally {
    await progress.end();
  }
}

/** The verdict, and what to do next. */
export function doneBox(report: Report): Box {
  const verdict = verdictOf(report.outcome);
  const steps = nextSteps(report).map((step, index) => `${index + 1}. ${step}`);
  return {
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
  };
}

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
