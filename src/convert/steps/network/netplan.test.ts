// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { fittingMatch } from "./netplan.ts";

const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: "52:54:00:12:34:56", origin: "given" }];

test("problem 3: netplan's match finds the VM's card, and what cannot fit is named", () => {
  const left: string[] = [];
  assertEdit(
    (text) => fittingMatch(text, NICS, left),
    'network:\n  version: 2\n  ethernets:\n    # the first\n    lan:\n      match:\n        macaddress: "00:1a:64:00:00:01"  # old\n      set-name: eth0\n      macaddress: 00:1a:64:00:00:ff\n    other:\n      match: \n        driver: tg3\n  vlans:\n    v1: {id: 1, link: lan}\n',
    'network:\n  version: 2\n  ethernets:\n    # the first\n    lan:\n      match:\n        macaddress: "52:54:00:12:34:56"  # old\n      set-name: eth0\n      macaddress: 00:1a:64:00:00:ff\n    other:\n      match: \n        driver: tg3\n  vlans:\n    v1: {id: 1, link: lan}\n',
  );
  assert.deepEqual([...new Set(left)], ["driver tg3"]);
  assertEdit(
    (text) => fittingMatch(text, NICS, []),
    "network:\n ethernets:\n  eth0:\n   match:\n    driver: e1000e\n   dhcp4: true\n",
    'network:\n ethernets:\n  eth0:\n   match:\n    macaddress: "52:54:00:12:34:56"\n   dhcp4: true\n',
  );
});
