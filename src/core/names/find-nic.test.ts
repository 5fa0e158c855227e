// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { findNic } from "./find-nic.ts";

test("a card by whatever a file calls it", () => {
  const eth0 = {
    name: "eth0",
    mac: "52:54:00:00:00:01",
    origin: "machine",
    aliases: ["eno1", "0000:01:00.0"],
  } as const;
  const nics = [eth0, { name: "eth1", mac: "52:54:00:00:00:02", origin: "machine" } as const];
  for (const word of [
    "eth0",
    "eno1",
    "enx525400000001",
    "52:54:00:00:00:01",
    "01-52-54-00-00-00-01",
    "bus-pci-0000:01:00.0",
    "eth-bus-pci-0000:01:00.0",
    "pci-0000:01:00.0",
    "eth-id-52:54:00:00:00:01",
  ])
    assert.equal(findNic(nics, word), eth0, word);
  for (const word of ["eth2", "", "bus-pci-0000:02:00.0", "enx525400000009"])
    assert.equal(findNic(nics, word), null, word);
});
