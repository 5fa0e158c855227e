// SPDX-License-Identifier: Apache-2.0
// What the shell receiver tells the sender when something cannot be done, as the agent would.
import type { Problem } from "../../core/index.ts";

export class ReceiverProblem extends Error {
  override readonly name = "ReceiverProblem";
  readonly code: string;
  readonly advice: string;

  constructor(code: string, message: string, advice: string) {
    super(message);
    this.code = code;
    this.advice = advice;
  }

  get problem(): Problem {
    return { code: this.code, text: this.message.slice(0, 4000), advice: this.advice, severity: "stops" };
  }
}

/** The last words of dd and others. */
export function failed(what: string, lines: readonly string[]): ReceiverProblem {
  const words = lines
    .filter((line) => !/ records (?:in|out)$|copied/.test(line))
    .join(" | ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "?")
    .slice(-300);
  const full = /No space left|quota/i.test(words);
  return new ReceiverProblem(
    full ? "destination-full" : "destination-failed",
    `${what} failed${words === "" ? "" : `: ${words}`}`,
    full ? "Free space there; the copy goes on from where it is" : "Look at that file system there",
  );
}

export function damaged(): ReceiverProblem {
  return new ReceiverProblem("cell-damaged", "A segment was damaged on its way", "It is sent again");
}

export function gone(disk: string): ReceiverProblem {
  return new ReceiverProblem(
    "destination-gone",
    `The files of ${disk} are gone`,
    "Nothing else may change the directory while a job runs. Run the same command again",
  );
}
