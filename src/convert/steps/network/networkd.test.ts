// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { fittingNetwork, lostMatch } from "./networkd.ts";

const MAC = "52:54:00:12:34:56";
const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: MAC, origin: "given" }];

test("problem 3: a .network file finds the VM's only card by its name", () => {
  assertEdit(
    (text) => fittingNetwork(text, NICS),
    "[Match]\nPath=pci-0000:03:00.0\nDriver=e1000e\n\n[Network]\nDHCP=yes\n",
    "[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n",
  );
  assert.equal(lostMatch(`[Match]\nMACAddress=${MAC.toUpperCase()}\n`, NICS), null);
  assert.equal(lostMatch("[Match]\nName=en*\nDriver=e1000e\n", NICS), null);
});
