// SPDX-License-Identifier: Apache-2.0
// The wizard: pages in their order, Back and Esc, what is looked up between them, then the plan and the job.
import { UserError } from "../../core/index.ts";
import { type Acts, ACTS } from "./acts.ts";
import { paragraphs, withDraft } from "./box.ts";
import { lookUp } from "./look-up.ts";
import { pageToFix } from "./fix-page.ts";
import type { PageName } from "./page.ts";
import { PAGES } from "./pages/index.ts";
import { type Screen, showHelp } from "./screen.ts";
import type { WizardState } from "./state.ts";

export type WizardOptions = {
  readonly screen: Screen;
  readonly state: WizardState;
  /** What was wrong in the answers that came with the boot. */
  readonly trouble: UserError | null;
  /** After each answer: so that a restart goes on where it was. */
  readonly keep: (state: WizardState) => Promise<void>;
  readonly acts?: Acts;
  readonly signal: AbortSignal;
};

/** The exit code: that of the migration, 0 when the user left. */
export async function runWizard({
  screen,
  state: first,
  trouble,
  keep,
  acts = ACTS,
  signal,
}: WizardOptions): Promise<number> {
  let state = first;
  let at = 0;
  /** What stood on a page that was left without Next. */
  const drafts = new Map<PageName, readonly string[]>();
  const move = (step: 1 | -1): void => {
    do at += step;
    while (PAGES[at] !== undefined && PAGES[at]?.applies(state) === false);
  };
  const goTo = (name: PageName): void => {
    at = PAGES.findIndex((page) => page.name === name);
    if (PAGES[at]?.applies(state) !== true) move(-1);
  };
  if (trouble !== null) await tell(screen, trouble, "Next");
  for (;;) {
    signal.throwIfAborted();
    const page = PAGES[at];
    try {
      if (page === undefined) {
        const ended = await acts.job({ screen, state, signal });
        if (ended.kind === "ended") {
          await acts.finish({ screen, state, signal });
          return ended.code;
        }
        if (ended.kind === "fix") goTo(pageToFix(ended.error));
        else move(-1);
        continue;
      }
      state = await lookUp(page.name, { screen, state, acts, signal });
      const said = await screen.ask(withDraft(page.box(state), drafts.get(page.name)));
      drafts.set(page.name, said.values);
      switch (said.kind) {
        case "next":
          state = page.take(state, said.values);
          drafts.delete(page.name);
          await keep(state);
          if (page.nextPage === undefined) move(1);
          else goTo(page.nextPage);
          break;
        case "back":
          if (at > 0) move(-1);
          else if (await leaves(screen)) return 0;
          break;
        case "help":
          await showHelp(screen, page.help);
          break;
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof UserError) || error.code === "dialog-failed") throw error;
      await tell(screen, error, "Mend");
      if (error.area === "usage" && page !== undefined) continue;
      goTo(pageToFix(error));
    }
  }
}

async function tell(screen: Screen, error: UserError, next: string): Promise<void> {
  await screen.ask({
    kind: "text",
    title: "This does not work yet",
    text: paragraphs(...`${error.message}.`.split("\n"), `${error.advice}.`),
    next,
    back: "Back",
  });
}

async function leaves(screen: Screen): Promise<boolean> {
  const said = await screen.ask({
    kind: "menu",
    title: "Leave the wizard?",
    text: "Your answers are kept.",
    items: [
      { tag: "stay", label: "go on with the wizard" },
      { tag: "leave", label: "leave it" },
    ],
    chosen: "stay",
  });
  return said.kind === "next" && said.values[0] === "leave";
}
