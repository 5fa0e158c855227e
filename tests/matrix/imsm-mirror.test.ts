// SPDX-License-Identifier: Apache-2.0
// A mirror by the firmware of Intel's chipsets (imsm): the VM has no such firmware, and gets the volume as one plain disk.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../src/system/index.ts";
import { IMSM_UUIDS } from "../support/guests/machines/mirrors/imsm.ts";
import { migrateMachine, planAgain, readWitness } from "../support/vms/matrix.ts";

test("root and swap are partitions of Intel's mirror, /dev/md126: it boots from one plain disk", async (t) => {
  const { report, directory, disks } = await migrateMachine(t, "imsm-mirror");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  const codes = report.problems.map(({ code }) => code);
  for (const code of ["firmware-raid-plain", "mirror-left-out"] as const)
    assert.ok(codes.includes(code), code);
  assert.deepEqual(
    report.disks.map(({ path }) => path),
    disks.slice(0, 1),
  );
  const { root, swap } = IMSM_UUIDS;
  const diffs = report.changes.map(({ diff }) => diff ?? "").join("\n");
  assert.match(diffs, new RegExp(`^\\+UUID=${root} / `, "m"));
  assert.match(diffs, new RegExp(`^\\+UUID=${swap} none `, "m"));
  assert.match(diffs, new RegExp(`^\\+.*root=UUID=${root} `, "m"));
  assert.match(diffs, new RegExp(`^\\+RESUME=UUID=${swap}$`, "m"));
  assert.deepEqual(await readWitness(directory), [`/ ${root}`, swap]);
  const image = join(directory, "imsm-mirror-1.img");
  const { stdout } = await run(["wipefs", "--parsable", image]);
  assert.doesNotMatch(stdout, /raid/, "metadata of the mirror are left");
  assert.deepEqual(await planAgain(directory, [image]), []);
});
