// SPDX-License-Identifier: Apache-2.0
// The terminal: boxes are shown by dialog, one at a time.
import { UserError } from "../../core/index.ts";
import { feedOnTerminal, runOnTerminal, type TerminalFeed } from "../../system/index.ts";
import {
  asciiText,
  type Box,
  type BoxAnswer,
  DIALOG_ENVIRONMENT,
  paragraphs,
  readAnswer,
  renderBox,
} from "./box.ts";

export type Screen = {
  ask(box: Box): Promise<BoxAnswer>;
  /** Words while something takes its time; the next box takes their place. */
  wait(text: string): Promise<void>;
  gauge(title: string): TerminalFeed;
  shell(): Promise<void>;
};

export function dialogScreen(signal: AbortSignal): Screen {
  return {
    ask: async (box) => {
      const { code, answer, stderr } = await runOnTerminal(renderBox(box), {
        signal,
        env: DIALOG_ENVIRONMENT,
      });
      if (code === 254)
        throw new UserError(
          "usage",
          "dialog-failed",
          `The program dialog cannot show its boxes: ${stderr.trim()}`,
          {
            advice: "It needs a terminal of 80 columns and 24 lines, with TERM set",
          },
        );
      return readAnswer(box, { code, answer });
    },
    wait: async (text) => {
      const argv = [
        "dialog",
        "--ascii-lines",
        "--no-shadow",
        "--infobox",
        asciiText(paragraphs(text)),
        "6",
        "76",
      ];
      await runOnTerminal(argv, { signal, env: DIALOG_ENVIRONMENT });
    },
    gauge: (title) =>
      feedOnTerminal([
        "dialog",
        "--ascii-lines",
        "--no-shadow",
        "--no-collapse",
        "--title",
        title,
        "--gauge",
        "",
        "22",
        "76",
        "0",
      ]),
    shell: async () => {
      process.stdout.write("\nThe wizard comes back with: exit\n");
      await runOnTerminal(["/bin/bash", "--login"], { signal });
    },
  };
}
