// SPDX-License-Identifier: Apache-2.0
// The plan: summary and problems in one screenful, the rest below; each change as a diff for who asks; then the last question.
import { counted, groupChanges, type Preview, type ShownChange } from "../../core/index.ts";
import { printDestination } from "../../job/index.ts";
import { printBriefPlan } from "../print/brief-plan.ts";
import { chainLines } from "../print/chain.ts";
import { planFacts } from "../print/plan-facts.ts";
import { printProblems } from "../print/problems.ts";
import { factLines } from "../text/wrap.ts";
import { type Box, paragraphs, TEXT_COLUMNS, TEXT_ROWS } from "./box.ts";
import { save } from "./finish.ts";
import { type Screen, showHelp } from "./screen.ts";
import type { WizardState } from "./state.ts";

type Shown = {
  readonly screen: Screen;
  readonly state: WizardState;
  readonly preview: Preview;
};

const PLAN_HELP =
  "Summary and problems: what STOPS must be fixed before anything begins; a WARNING stands in the report too. What does not fit is below, and so are the files that will change in the VM: arrows and Page Down scroll.\n\nThe changes were worked out for real, on an overlay above the disks: a plan without problems has been done once already.";

const BEGIN_HELP =
  "begin: converts on the overlay, copies the blocks in use, reads each back on the host, and starts the VM once on a throw-away overlay. The disks of this machine are only read. It can be interrupted and goes on where it was.\n\nchanges: each file that will change in the VM, as a diff: lines with - go, lines with + come. Secrets are ***.\n\nanswers: what you answered as a file that serves other machines, and this one without questions.";

/** The plan without its diffs, which have pages of their own. What matters is in sight without scrolling. */
export function planBox(preview: Preview, next: string): Box {
  const { changes, intent, problems } = preview;
  const destination = printDestination(intent.destination, intent.name);
  const columns = TEXT_COLUMNS;
  const brief = printBriefPlan(preview, { destination, columns, rows: TEXT_ROWS });
  const every = printProblems(problems, { columns, withCode: false }).trimEnd();
  const files = groupChanges(changes).flatMap((group) =>
    group.kind === "one"
      ? [`  ${group.change.step.padEnd(14)} ${group.change.path}`]
      : [...group.places].map(
          ([place, count]) => `  ${group.step.padEnd(14)} ${place}/ (${counted(count, "file")})`,
        ),
  );
  const facts = factLines(planFacts(preview, { destination }), columns).join("\n");
  const { chain } = preview;
  const below = [
    ...(chain === null ? [] : [chainLines(chain, columns).join("\n")]),
    ...(brief.endsWith(every) && brief.startsWith(facts)
      ? []
      : [`All of it:\n${facts}\n\n${every}`.trimEnd()]),
    ...(files.length === 0 ? [] : [`Files that change in the VM:\n${files.join("\n")}`]),
  ];
  return { kind: "text", title: "The plan", text: [brief, ...below].join("\n\n"), next };
}

export function beginBox(preview: Preview): Box {
  const some = preview.changes.length > 0;
  return {
    kind: "menu",
    title: "Begin?",
    text: paragraphs(
      "Nothing was done yet. The disks of this machine are only read, now and during the migration.",
    ),
    items: [
      { tag: "begin", label: "begin the migration" },
      ...(some
        ? [
            {
              tag: "changes",
              label: `show each change in the VM's files, as a diff (${preview.changes.length})`,
            },
          ]
        : []),
      { tag: "answers", label: "save the answers as a file" },
    ],
    chosen: "begin",
  };
}

/** False: the user went back. */
export async function showPlan({
  screen,
  preview,
  next,
}: Shown & { readonly next: string }): Promise<boolean> {
  for (;;) {
    const said = await screen.ask(planBox(preview, next));
    if (said.kind !== "help") return said.kind === "next";
    await showHelp(screen, PLAN_HELP);
  }
}

export async function confirmPlan(shown: Shown): Promise<boolean> {
  const { screen, state, preview } = shown;
  while (await showPlan({ ...shown, next: "Next" }))
    for (;;) {
      const said = await screen.ask(beginBox(preview));
      if (said.kind === "back") break;
      if (said.kind === "help") await showHelp(screen, BEGIN_HELP);
      else if (said.values[0] === "begin") return true;
      else if (said.values[0] === "changes") await showChanges(shown);
      else await save(screen, state);
    }
  return false;
}

async function showChanges({ screen, preview }: Shown): Promise<void> {
  const changes = groupChanges(preview.changes).flatMap((group) =>
    group.kind === "one" ? [group.change] : [],
  );
  const items = changes.map(({ path, step }, index) => ({ tag: `${index + 1}`, label: `${path} (${step})` }));
  for (let chosen: string | null = null; ; ) {
    const text = paragraphs("Which one? Back leads to the question.");
    const said = await screen.ask({ kind: "menu", title: "Changes", text, items, chosen });
    if (said.kind === "back") return;
    chosen = said.values[0] ?? null;
    const change = changes[Number(chosen) - 1];
    if (change !== undefined) await screen.ask(changeBox(change));
  }
}

export function changeBox({ path, step, why, diff }: ShownChange): Box {
  const body = diff === null || diff === "" ? "It is not text." : diff;
  const text = `${paragraphs(`${step}: ${why}.`)}\n\n${body}`;
  return { kind: "text", title: path, text, next: "Close" };
}
