// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "BIOS, an MBR with an active partition, and the first 440 bytes are zero: it was started by PXE",
  right: "it stops before the copy: there is no boot code on any given disk",
  disks: ["disk.img"],
  check({ code, preview, problems }) {
    assert.equal(code, 6);
    assert.equal(problems("chain-broken").length, 1);
    assert.deepEqual(
      preview.chain?.links.filter(({ verdict }) => verdict === "broken").map(({ place }) => place),
      ["firmware"],
      "all else is well, and judged",
    );
  },
});
