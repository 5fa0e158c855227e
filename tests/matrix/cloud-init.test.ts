// SPDX-License-Identifier: Apache-2.0
// cloud-init without the source that told it what machine this is: the VM keeps its network, and stays that machine.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain, readWitness } from "../support/vms/matrix.ts";

test("cloud-init, whose datasource is lost, with a static network of its making: it boots with that address, as the same instance", async (t) => {
  const { report, directory } = await migrateMachine(t, "cloud-init");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.deepEqual(
    report.problems.map(({ code }) => code),
    ["cloud-init-kept"],
  );
  assert.deepEqual(await readWitness(directory), ["fir", "address 192.0.2.49/24", "iid-fir-2019", "fir"]);
  assert.deepEqual(await planAgain(directory, [join(directory, "cloud-init-1.img")]), []);
});
