// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { ownSystemWay } from "./leave.ts";

test("the machine's own system starts once the medium is out of the way", () => {
  assert.equal(ownSystemWay("/dev/sr0"), "eject");
  assert.equal(ownSystemWay("/dev/sdb"), "wait-for-removal");
  assert.equal(ownSystemWay(null), "reboot");
});
