// SPDX-License-Identifier: Apache-2.0
// The last words of dd and others, as a problem.
import { failedAct, type ReceiverProblem } from "../problem.ts";

const MAX_WORDS = 300;

/** dd counts its records also when it fails. */
export function failed(what: string, lines: readonly string[], where: string): ReceiverProblem {
  const words = lines
    .filter((line) => !/ records (?:in|out)$|copied/.test(line))
    .join(" | ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "?")
    .slice(-MAX_WORDS);
  return failedAct(what, words, where);
}
