// SPDX-License-Identifier: Apache-2.0
// After the verdict: save the answers, and what this machine does next.
import { replaceFile, run } from "../../system/index.ts";
import { renderAnswers } from "../settings/index.ts";
import { type Box, paragraphs } from "./box.ts";
import { type Screen, showHelp } from "./screen.ts";
import type { WizardState } from "./state.ts";

export function finishBox({ live }: Pick<WizardState, "live">): Box {
  return {
    kind: "menu",
    title: "What now?",
    text: live
      ? paragraphs("The VM must not run beside this machine on one network: both have the same addresses.")
      : "The migration is over.",
    items: [
      ...(live
        ? [
            { tag: "poweroff", label: "power this machine off" },
            { tag: "reboot", label: "start this machine again (take the medium out)" },
            { tag: "shell", label: "a root shell" },
          ]
        : []),
      { tag: "answers", label: "save the answers as a file, for other machines" },
      { tag: "leave", label: "leave the wizard" },
    ],
    chosen: live ? "poweroff" : "leave",
  };
}

const FINISH_HELP =
  "The report is kept beside the VM. Answers that are saved serve iso build --config, p2v.config= and the wizard of the next machine; no password is in them.";

export async function finish({
  screen,
  state,
  signal,
}: {
  screen: Screen;
  state: WizardState;
  signal: AbortSignal;
}): Promise<void> {
  for (;;) {
    const said = await screen.ask(finishBox(state));
    if (said.kind === "help") {
      await showHelp(screen, FINISH_HELP);
      continue;
    }
    switch (said.kind === "next" ? (said.values[0] ?? "") : "leave") {
      case "poweroff":
        await run(["systemctl", "poweroff"], { signal });
        return;
      case "reboot":
        await run(["systemctl", "reboot"], { signal });
        return;
      case "shell":
        await screen.shell();
        break;
      case "answers":
        await save(screen, state);
        break;
      default:
        return;
    }
  }
}

export async function save(screen: Screen, state: WizardState): Promise<void> {
  const said = await screen.ask({
    kind: "form",
    title: "Save the answers",
    text: paragraphs("A file on a stick that you mounted, or in a directory of this system."),
    fields: [{ label: "File", value: "/root/answers.yaml" }],
  });
  if (said.kind !== "next") return;
  try {
    await replaceFile(said.values[0] ?? "", renderAnswers(state.answers));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const text = paragraphs(`${error.message}.`, "Name another file.");
    await screen.ask({ kind: "text", title: "Not saved", text, next: "Close" });
  }
}
