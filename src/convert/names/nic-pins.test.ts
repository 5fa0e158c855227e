// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutConflicts } from "./nic-conflicts.ts";
import { isInterfaceName, isMac, renderLink, renderRules } from "./nic-pins.ts";

test("names and addresses that could carry more than a name are refused", () => {
  for (const good of ["enp3s0", "eth0", "lan-1", "a", "eno1.10"])
    assert.equal(isInterfaceName(good), true, good);
  for (const bad of ["", "a b", 'x"', "../x", "a/b", "abcdefghijklmnop", "eth0\nRUN", "-x", ".", "%k", "$x"])
    assert.equal(isInterfaceName(bad), false, bad);
  for (const good of ["52:54:00:12:34:56", "00:16:3E:00:00:01"]) assert.equal(isMac(good), true, good);
  for (const bad of [
    "01:00:5e:00:00:01",
    "00:00:00:00:00:00",
    "52:54:00:12:34",
    '52:54:00:12:34:5"',
    "ff:ff:ff:ff:ff:ff",
  ])
    assert.equal(isMac(bad), false, bad);
});

test("pins do not contradict themselves", () => {
  const nic = { name: "eth0", mac: "52:54:00:12:34:56", origin: "guest" as const };
  assert.match(renderLink(nic), /^MACAddress=52:54:00:12:34:56$/m);
  assert.equal(withoutConflicts(renderRules([nic]), [nic]), renderRules([nic]));
});
