// SPDX-License-Identifier: Apache-2.0
// system owns the only door to the operating system. It decides nothing about migrations.
export * from "./threads/buffer-pool.ts";
export * from "./threads/cell-threads.ts";
export * from "./programs/daemon.ts";
export * from "./devices/device-mapper.ts";
export * from "./devices/direct.ts";
export * from "./views/directory-view.ts";
export * from "./devices/fat-copy.ts";
export * from "./files.ts";
export * from "./views/guest-view.ts";
export * from "./devices/kernel-needs.ts";
export * from "./views/layered-view.ts";
export * from "./programs/lock-file.ts";
export * from "./devices/loop-list.ts";
export * from "./devices/loop.ts";
export * from "./views/memory-view.ts";
export * from "./devices/mount-table.ts";
export * from "./devices/mount.ts";
export * from "./programs/pipes.ts";
export * from "./programs/quote.ts";
export * from "./run-directory.ts";
export * from "./programs/run.ts";
export * from "./devices/sector-cipher.ts";
export * from "./programs/terminal.ts";
export { TRACE_HEAD } from "./trace/line.ts";
export { ToldScripts } from "./trace/told.ts";
export { startTrace, type Trace, type Traced, traceProgram } from "./trace/trace.ts";
export * from "./views/xattr.ts";
