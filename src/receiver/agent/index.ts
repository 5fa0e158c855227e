// SPDX-License-Identifier: Apache-2.0
// agent owns the destination side of a copy: sinks, durable marks, read-back. It decides nothing about a migration.
export * from "./serve.ts";
