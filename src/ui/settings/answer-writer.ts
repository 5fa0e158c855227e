// SPDX-License-Identifier: Apache-2.0
// Answers as an answer file: what a finished wizard leaves for the next machine. Pure.
import { stringify } from "yaml";
import { answerKeys, type FileAnswers } from "./answer-file.ts";
import { SETTINGS } from "./table.ts";

/** parseAnswerFile() of it gives the same answers as its defaults. */
export function renderAnswers(answers: FileAnswers): string {
  const defaults: Record<string, unknown> = {};
  for (const name of answerKeys()) {
    const values = answers.get(name);
    if (values === undefined || values.length === 0) continue;
    const { value, repeated } = SETTINGS[name];
    defaults[name] = value === null ? true : repeated ? values : values[0];
  }
  return `# Answers for virt-p2v; the keys are explained in its manual\n${stringify({ defaults })}`;
}
