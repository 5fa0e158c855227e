// SPDX-License-Identifier: Apache-2.0
// Questions on the terminal. Enter alone, and the end of the input, are a no.
import { createInterface } from "node:readline/promises";
import { UserError } from "../../core/index.ts";
import { wrapLines } from "../text/wrap.ts";
import { tellLines, widthOf } from "./context.ts";

/** Without a terminal there is nobody to ask. */
export async function askYes(question: string, signal: AbortSignal): Promise<boolean> {
  return isYes(await askLine(`${question} [y/N] `, signal));
}

export const isYes = (answer: string): boolean => /^y(es)?$/i.test(answer);

/** What was typed, without blanks around it. */
export async function askLine(prompt: string, signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY !== true)
    throw new UserError("nobody-to-ask", "There is no terminal to ask on", {
      advice: "Add --yes to begin without asking",
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C, which a terminal in raw mode gives as a key: for the whole program.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const [last = "", ...before] = wrapLines(prompt.trimEnd(), widthOf(process.stderr))
    .split("\n")
    .toReversed();
  if (before.length > 0) tellLines(before.toReversed().join("\n"));
  try {
    return (await lines.question(`${last} `, { signal })).trim();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error) || error.name !== "AbortError") throw error;
    process.stderr.write("\n");
    return ""; // Ctrl-D
  } finally {
    lines.close();
  }
}
