// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { namesIn } from "../../../src/core/index.ts";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "Fedora CoreOS: an ostree deployment, whose boot entry names /dev/sda1",
  right: "it is recognized, nothing of it is changed, and the word to change on the machine is named",
  disks: ["disk.img"],
  check({ code, problems, preview }) {
    assert.equal(code, 0);
    const [problem] = problems("system-by-image");
    assert.deepEqual(problem === undefined ? null : namesIn(problem, "device"), ["/dev/sda1"]);
    assert.deepEqual(preview.changes, []);
    assert.deepEqual(problems("not-converted"), []);
  },
});
