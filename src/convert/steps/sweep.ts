// SPDX-License-Identifier: Apache-2.0
// When all steps are done: what in the guest's files still names hardware that the VM does not have. Only reported.
import { step } from "./step.ts";
import { knownFrom } from "../sweep/known.ts";
import { findLeftovers, leftoverProblem } from "../sweep/sweep.ts";
import { readVmFacts } from "../sweep/vm-facts.ts";

export const sweep = step(
  {
    name: "sweep",
    explains: "Reports what in the guest's files still names disks, cards and slots of the old machine",
  },
  async ({ view, guest, intent, changes, problems, signal, draft }) => {
    const facts = readVmFacts(guest, intent);
    // A service that is switched off reads its file no more.
    const off = changes.some(({ step: name }) => /\bsmartd\b/.test(name));
    const found = await findLeftovers(view, { facts, isKnown: knownFrom(problems), signal });
    const problem = leftoverProblem(
      found.filter(({ path }) => !off || !/\/smartd\.conf$|\/smartmontools$/.test(path)),
      facts,
    );
    if (problem !== null) draft.problem(problem);
  },
);
