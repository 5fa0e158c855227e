// SPDX-License-Identifier: Apache-2.0
// ui owns how a person or a program talks to virt-p2v: settings, commands, printers. It knows no job's inside.
export { runCommand } from "./commands/run-command.ts";
export { widthOf } from "./commands/context.ts";
export * from "./print/index.ts";
export * from "./settings/index.ts";
export { VERSION } from "./version.ts";
