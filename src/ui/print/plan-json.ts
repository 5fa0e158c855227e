// SPDX-License-Identifier: Apache-2.0
// A plan as JSON: its changes in one list, and their diffs in another in the same order, as programs read them since plan/1.
import { bareChange, type Change, type Preview } from "../../core/index.ts";

type PublishedPlan<Made extends Preview> = Omit<Made, "changes"> & {
  readonly changes: readonly Change[];
  readonly diffs: readonly (string | null)[];
};

export function planJson<Made extends Preview>(plan: Made): PublishedPlan<Made> {
  const { changes } = plan;
  return { ...plan, changes: changes.map(bareChange), diffs: changes.map(({ diff }) => diff) };
}
