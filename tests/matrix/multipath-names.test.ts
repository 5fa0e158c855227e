// SPDX-License-Identifier: Apache-2.0
// multipath's name of a disk with two ways to it, which has one in the VM, and so not that name.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { MULTIPATH_UUIDS } from "../support/guests/machines/multipath.ts";
import { migrateMachine, planAgain, readWitness } from "../support/vms/matrix.ts";

test("root and swap are /dev/mapper/mpatha-part1 and -part2: both become UUIDs, and it boots", async (t) => {
  const { report, directory } = await migrateMachine(t, "multipath");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  const { root, swap } = MULTIPATH_UUIDS;
  const diffs = report.changes.map(({ diff }) => diff ?? "").join("\n");
  assert.match(diffs, new RegExp(`^\\+UUID=${root} / `, "m"));
  assert.match(diffs, new RegExp(`^\\+UUID=${swap} none `, "m"));
  assert.match(diffs, new RegExp(`^\\+.*root=UUID=${root} `, "m"));
  assert.deepEqual(await readWitness(directory), [`/ ${root}`, swap]);
  assert.deepEqual(await planAgain(directory, [join(directory, "multipath-1.img")]), []);
});
