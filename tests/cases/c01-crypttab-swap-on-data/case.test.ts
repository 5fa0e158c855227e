// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { namesIn } from "../../../src/core/index.ts";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "sdb, with a swap that gets a random key, stays behind; sda and sdc are given",
  right:
    "the line is not pointed at another disk: it would be written over at the first boot; a problem names it",
  disks: ["sda.img", "sdc.img"],
  check({ added, problems }) {
    assert.deepEqual(added("/etc/crypttab"), []);
    assert.deepEqual(
      namesIn({ about: problems("crypttab-not-given").flatMap(({ about }) => about) }, "device"),
      ["/dev/sdb1"],
    );
  },
});
