// SPDX-License-Identifier: Apache-2.0
// SELinux enforces: files that are new get the label their directory gives them, and all others keep theirs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

test("SELinux enforces: every changed file is labelled as the policy wants it, and it boots without relabelling", async (t) => {
  const { report, directory } = await migrateMachine(t, "selinux"); // a unit of the machine itself judges the labels
  assert.match(await readFile(join(directory, "console.log"), "utf8"), /labels: right/);
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.ok(report.changes.every(({ path }) => path !== "/.autorelabel"));
  assert.deepEqual(await planAgain(directory, [join(directory, "selinux-1.img")]), []);
});
