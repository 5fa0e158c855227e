// SPDX-License-Identifier: Apache-2.0
// Test files in one process, one after the other: starting Node takes longer than most tests that need nothing.
// Not by --test-isolation=none, which says nothing of a file that throws behind its first test, and leaves out the rest.
import "./untracked.ts";
import { resolve } from "node:path";

for (const file of process.argv.slice(2)) await import(resolve(file));
