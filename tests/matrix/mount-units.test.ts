// SPDX-License-Identifier: Apache-2.0
// Units of systemd in the place of fstab's lines: a mount, a swap, and a mount that waits for whoever looks into it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { UNIT_UUIDS } from "../support/guests/machines/mount-units.ts";
import { migrateMachine, planAgain, readWitness } from "../support/vms/matrix.ts";

test("systemd's own mount, swap and automount units name disks of the machine: all three come up in the VM", async (t) => {
  const { report, directory } = await migrateMachine(t, "mount-units");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  const units = report.changes.filter(({ step }) => step === "systemd-units");
  const diffs = units.map(({ diff }) => diff ?? "").join("\n");
  for (const uuid of [UNIT_UUIDS.data, UNIT_UUIDS.archive, UNIT_UUIDS.swap])
    assert.match(diffs, new RegExp(`^\\+What=/dev/disk/by-uuid/${uuid}$`, "m"));
  assert.deepEqual(await readWitness(directory), [
    `/srv ${UNIT_UUIDS.data}`,
    "nothing lost",
    UNIT_UUIDS.swap,
  ]);
  const images = [1, 2].map((number) => join(directory, `mount-units-${number}.img`));
  assert.deepEqual(await planAgain(directory, images), []);
});
