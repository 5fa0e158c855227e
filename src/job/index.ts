// SPDX-License-Identifier: Apache-2.0
// job owns the story: it joins the rooms, runs the phases of one migration and writes its report.
export * from "./bug/index.ts";
export * from "./check.ts";
export * from "./convert.ts";
export * from "./copy-live.ts";
export * from "./cutover/index.ts";
export * from "./undo.ts";
export * from "./destination/destination.ts";
export { DONE_ALREADY } from "./destination/done.ts";
export { EXTRAS_DIRECTORY, type Extras, readExtras } from "./extras.ts";
export * from "./destination/host.ts";
export * from "./inspect.ts";
export { downtimeAfter } from "./last-pass.ts";
export * from "./source/local-disks.ts";
export * from "./migrate.ts";
export * from "./plan.ts";
export * from "./define.ts";
export * from "./source/source.ts";
export * from "./destination/start.ts";
export * from "./survey.ts";
export * from "./undefine.ts";
export * from "./verify.ts";
