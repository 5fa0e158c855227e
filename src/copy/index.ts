// SPDX-License-Identifier: Apache-2.0
// copy owns the source side of a copy: what is read, sent and awaited, the manifest, and the check against it.
export type { Compress } from "./compression.ts";
export * from "./copy.ts";
export * from "./options.ts";
export * from "./finish.ts";
export * from "./manifest.ts";
export * from "./verify.ts";
