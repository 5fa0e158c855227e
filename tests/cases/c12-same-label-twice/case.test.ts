// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { namesIn } from "../../../src/core/index.ts";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "fstab mounts LABEL=data, and two of the given disks carry that label",
  right: "a warning that names both: which one the VM mounts would be chance",
  disks: ["sda.img", "sdb.img", "sdc.img"],
  check({ problems, preview }) {
    assert.deepEqual(namesIn({ about: problems("name-unclear").flatMap(({ about }) => about) }, "node"), [
      "disk:2/part:1/fs",
      "disk:3/part:1/fs",
    ]);
    assert.equal(preview.guest?.mounts.find(({ path }) => path === "/srv/data")?.node, null);
  },
});
