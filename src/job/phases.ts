// SPDX-License-Identifier: Apache-2.0
// Phases: announced, and timed for the report.
import type { Emit, Phase } from "../core/index.ts";

export type Phases = {
  run<T>(phase: Phase, work: () => Promise<T>): Promise<T>;
  /** Seconds by phase so far; a phase that ran twice counts both. */
  seconds(): Readonly<Partial<Record<Phase, number>>>;
};

export function startPhases(emit: Emit): Phases {
  const seconds: Partial<Record<Phase, number>> = {};
  return {
    async run(phase, work) {
      const begun = performance.now();
      emit({ type: "phase", phase, state: "begun" });
      const result = await work();
      seconds[phase] = (seconds[phase] ?? 0) + (performance.now() - begun) / 1000;
      emit({ type: "phase", phase, state: "done" });
      return result;
    },
    seconds: () => ({ ...seconds }),
  };
}
