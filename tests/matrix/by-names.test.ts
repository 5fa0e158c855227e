// SPDX-License-Identifier: Apache-2.0
// udev's names by model, connector and WWN in fstab and root=, of disks that no VM has; NetworkManager with a bond and a VLAN.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { BY_UUIDS } from "../support/guests/machines/by-names.ts";
import { migrateMachine, planAgain, readWitness } from "../support/vms/matrix.ts";

test("by-id and by-path names in fstab and root=, NetworkManager's bond and VLAN: it boots with all of them", async (t) => {
  const { report, directory } = await migrateMachine(t, "by-names");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  const diffs = report.changes.map(({ diff }) => diff ?? "").join("\n");
  for (const [uuid, name] of [
    [BY_UUIDS.root, "/"],
    [BY_UUIDS.swap, "none"],
    [BY_UUIDS.data, "/srv"],
  ])
    assert.match(diffs, new RegExp(`^\\+UUID=${uuid} ${name} `, "m"));
  assert.match(diffs, new RegExp(`^\\+.*root=UUID=${BY_UUIDS.root} `, "m"));
  assert.doesNotMatch(diffs, /^\+.*by-(?:id|path)/m);
  assert.deepEqual(await readWitness(directory), [
    `/ ${BY_UUIDS.root}`,
    `/srv ${BY_UUIDS.data}`,
    BY_UUIDS.swap,
  ]);
  const images = [1, 2].map((number) => join(directory, `by-names-${number}.img`));
  assert.deepEqual(await planAgain(directory, images), []);
});
