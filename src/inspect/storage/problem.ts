// SPDX-License-Identifier: Apache-2.0
// Makes problems; one line where they are found.
import type { Problem } from "../../core/index.ts";

export function makeProblem(
  code: string,
  severity: Problem["severity"],
  words: { readonly text: string; readonly advice: string },
): Problem {
  return { code, severity, ...words };
}
