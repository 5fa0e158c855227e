// SPDX-License-Identifier: Apache-2.0
// settings are one table; flags, help and the manual are views of it.
export * from "./answer-file.ts";
export * from "./answer-writer.ts";
export * from "./answers.ts";
export * from "./commands/index.ts";
export * from "./completion.ts";
export * from "./help.ts";
export * from "./kernel.ts";
export { renderManPage } from "./man.ts";
export { renderCodesPage } from "./man-codes.ts";
export * from "./parse.ts";
export * from "./table.ts";
