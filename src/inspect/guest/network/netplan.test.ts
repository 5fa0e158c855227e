// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { asTree, parseNetplan } from "./netplan.ts";

test("a netplan file whose passwords a survey masked is read like any other", () => {
  const network = parseNetplan(`network:
  wifis:
    wlan0:
      access-points:
        office:
          password: ***
  ethernets:
    eno1:
      dhcp4: true
`);
  assert.deepEqual([...asTree(network.get("ethernets")).keys()], ["eno1"]);
  assert.deepEqual([...asTree(network.get("wifis")).keys()], ["wlan0"]);
});
