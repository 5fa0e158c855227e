// SPDX-License-Identifier: Apache-2.0
// problems owns what can go wrong: the table of all codes, what a problem says and is about.
export * from "./area.ts";
export type { ProblemKind, Severity } from "./kind.ts";
export * from "./problem.ts";
export * from "./subject.ts";
export {
  areaOf,
  parseReceiverCode,
  problemEntries,
  PROBLEMS,
  type ProblemCode,
  type ReceiverCode,
} from "./table.ts";
