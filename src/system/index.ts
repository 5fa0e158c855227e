// SPDX-License-Identifier: Apache-2.0
// system owns the only door to the operating system. It decides nothing about migrations.
export * from "./buffer-pool.ts";
export * from "./cell-threads.ts";
export * from "./daemon.ts";
export * from "./device-mapper.ts";
export * from "./direct.ts";
export * from "./directory-view.ts";
export * from "./fat-copy.ts";
export * from "./files.ts";
export * from "./guest-view.ts";
export * from "./layered-view.ts";
export * from "./lock-file.ts";
export * from "./loop-list.ts";
export * from "./loop.ts";
export * from "./memory-view.ts";
export * from "./mount-table.ts";
export * from "./mount.ts";
export * from "./pipes.ts";
export * from "./quote.ts";
export * from "./run-directory.ts";
export * from "./run.ts";
export * from "./sector-cipher.ts";
export * from "./terminal.ts";
export { startTrace, type Trace, type Traced, traceProgram, tracePath } from "./trace/trace.ts";
export * from "./xattr.ts";
