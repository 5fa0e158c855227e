// SPDX-License-Identifier: Apache-2.0
// bug: one archive for a bug report, without secrets.
export type { BugPart, Content } from "./content.ts";
export { planPart, tracePart, vmParts } from "./files.ts";
export { machineParts, type Written, writeBugReport } from "./write.ts";
