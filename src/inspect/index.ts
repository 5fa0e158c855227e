// SPDX-License-Identifier: Apache-2.0
// inspect owns what is there: this computer, its disks by content, and the installed system. Read-only.
export * from "./guest/index.ts";
export * from "./machine/index.ts";
export * from "./storage/index.ts";
export * from "./survey/index.ts";
export * from "./used/index.ts";
