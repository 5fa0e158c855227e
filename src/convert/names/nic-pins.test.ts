// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutConflicts } from "./nic-conflicts.ts";
import { renderLink, renderRules } from "./nic-pins.ts";

test("pins do not contradict themselves", () => {
  const nic = { name: "eth0", mac: "52:54:00:12:34:56", origin: "guest" as const };
  assert.match(renderLink(nic), /^MACAddress=52:54:00:12:34:56$/m);
  assert.equal(withoutConflicts(renderRules([nic]), [nic]), renderRules([nic]));
});
