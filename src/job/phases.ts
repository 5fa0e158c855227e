// SPDX-License-Identifier: Apache-2.0
// Phases: announced once each, and timed for the report.
import type { Emit, Phase } from "../core/index.ts";

export type Phases = {
  run<T>(phase: Phase, work: () => Promise<T>): Promise<T>;
  /** What must be done for a phase long before it: timed with it, and not announced. */
  ahead<T>(phase: Phase, work: () => Promise<T>): Promise<T>;
  /** Seconds by phase so far; of a phase that was worked on ahead, both parts. */
  seconds(): Readonly<Partial<Record<Phase, number>>>;
};

export function startPhases(emit: Emit, now: () => number = () => performance.now()): Phases {
  const seconds: Partial<Record<Phase, number>> = {};
  const ahead: Phases["ahead"] = async (phase, work) => {
    const begunMs = now();
    const result = await work();
    seconds[phase] = (seconds[phase] ?? 0) + (now() - begunMs) / 1000;
    return result;
  };
  return {
    ahead,
    async run(phase, work) {
      emit({ type: "phase", phase, state: "begun" });
      const result = await ahead(phase, work);
      emit({ type: "phase", phase, state: "done" });
      return result;
    },
    seconds: () => ({ ...seconds }),
  };
}
