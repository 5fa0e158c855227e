// SPDX-License-Identifier: Apache-2.0
// job owns the story: it joins the rooms, runs the phases of one migration and writes its report.
export * from "./convert.ts";
export * from "./destination.ts";
export { DONE_ALREADY } from "./done.ts";
export { EXTRAS_DIRECTORY, type Extras, readExtras } from "./extras.ts";
export * from "./host.ts";
export * from "./inspect.ts";
export * from "./local-disks.ts";
export * from "./migrate.ts";
export * from "./plan.ts";
export * from "./redefine.ts";
export * from "./source.ts";
export * from "./start.ts";
export * from "./survey.ts";
export * from "./undefine.ts";
export * from "./verify.ts";
