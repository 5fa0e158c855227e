// SPDX-License-Identifier: Apache-2.0
// The terminal: boxes are shown by dialog, one at a time.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lastWords, UserError } from "../../core/index.ts";
import { feedOnTerminal, makeRunDirectory, runOnTerminal, type TerminalFeed } from "../../system/index.ts";
import {
  asciiText,
  type Box,
  type BoxAnswer,
  DIALOG_ERROR,
  DIALOG_RC,
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

/** Paragraphs are parted by empty lines. */
export async function showHelp(screen: Screen, help: string): Promise<void> {
  const text = paragraphs(...help.split("\n\n"));
  await screen.ask({ kind: "text", title: "Help", text, next: "Close", back: "Back" });
}

export async function openDialogScreen(signal: AbortSignal): Promise<Screen & AsyncDisposable> {
  const directory = await makeRunDirectory("dialog");
  const rc = join(directory.path, "dialogrc");
  await writeFile(rc, DIALOG_RC);
  const env = { DIALOGRC: rc, DIALOG_ERROR: `${DIALOG_ERROR}` };
  const plain = ["dialog", "--ascii-lines", "--no-collapse"];
  return {
    ask: async (box) => {
      const { code, answer, stderr } = await runOnTerminal(renderBox(box), { signal, env });
      if (code === DIALOG_ERROR || code === -1 || code === 255)
        throw new UserError(
          "dialog-failed",
          `The program dialog cannot show its boxes: ${lastWords(stderr)}`,
          {
            advice: "It needs a terminal of 80 columns and 24 lines, with TERM set",
          },
        );
      return readAnswer(box, { code, answer });
    },
    wait: async (text) => {
      await runOnTerminal([...plain, "--infobox", asciiText(paragraphs(text)), "6", "76"], { signal, env });
    },
    gauge: (title) => feedOnTerminal([...plain, "--title", title, "--gauge", "", "22", "76", "0"], { env }),
    shell: async () => {
      process.stdout.write("\nThe wizard comes back with: exit\n");
      await runOnTerminal(["/bin/bash", "--login"], { signal });
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
