// SPDX-License-Identifier: Apache-2.0
// print makes text and JSON of what happened; it decides how often to draw, never what is true.
export * from "./error.ts";
export * from "./guest.ts";
export * from "./host.ts";
export * from "./machine.ts";
export * from "./plan.ts";
export * from "./problems.ts";
export * from "./progress.ts";
export * from "./survey.ts";
