// SPDX-License-Identifier: Apache-2.0
// report owns how a Report reads: one self-contained HTML page. Pure; it decides nothing and touches nothing.
export * from "./html.ts";
export * from "./verdict.ts";
