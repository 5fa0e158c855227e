// SPDX-License-Identifier: Apache-2.0
// The disk of the system was the machine's second one: names mean disks of the old machine, in whichever order they are given.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { machineDisks } from "../support/guests/machines/index.ts";
import { SDB_UUIDS } from "../support/guests/machines/was-sdb.ts";
import { migrateDisks, planAgain, readWitness } from "../support/vms/matrix.ts";

for (const order of ["data first", "system first"] as const)
  test(`the system was on /dev/sdb, ${order}: it boots, with its data and its swap`, async (t) => {
    const disks = await machineDisks("was-sdb", { signal: t.signal });
    const given = order === "data first" ? disks : disks.toReversed();
    const { report, directory } = await migrateDisks(t, "linden", given);
    assert.deepEqual(
      report.problems.filter(({ severity }) => severity !== "notes"),
      [],
    );
    const fstab = report.changes.find(({ path }) => path === "/etc/fstab")?.diff ?? "";
    assert.match(fstab, new RegExp(`^\\+UUID=${SDB_UUIDS.root} / `, "m"));
    assert.match(fstab, new RegExp(`^\\+UUID=${SDB_UUIDS.swap} none `, "m"));
    assert.match(fstab, new RegExp(`^\\+UUID=${SDB_UUIDS.data} /srv `, "m"));
    assert.deepEqual(await readWitness(directory), [
      `/ ${SDB_UUIDS.root}`,
      `/srv ${SDB_UUIDS.data}`,
      SDB_UUIDS.swap,
    ]);
    const images = [1, 2].map((number) => join(directory, `linden-${number}.img`));
    assert.deepEqual(await planAgain(directory, images), []);
  });
