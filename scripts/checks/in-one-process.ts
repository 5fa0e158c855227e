// SPDX-License-Identifier: Apache-2.0
// Test files in one process, one after the other: starting Node takes longer than most tests that need nothing.
// Not by --test-isolation=none, which says nothing of a file that throws behind its first test, and leaves out the rest.
import "./untracked.ts";
import { load } from "./watched.ts"; // before all that it watches
import { beforeEach } from "node:test";
import { forgetSecrets } from "../../src/core/index.ts";

// The process's register of secrets is the one thing that all of them share: a password `a` of one would be hidden in
// every text of the next.
beforeEach(forgetSecrets);

for (const file of process.argv.slice(2)) await load(file);
