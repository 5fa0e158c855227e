// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withHwaddr } from "./ifcfg.ts";

const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: "52:54:00:12:34:56", origin: "given" }];

test("problem 3: HWADDR becomes the address of the VM's card", () => {
  assertEdit(
    (text) => withHwaddr(text, "ifcfg-eth0", { nics: NICS, add: true }),
    'DEVICE="eth0"\nHWADDR=00:1A:64:00:00:01 # old\nONBOOT=yes\n',
    'DEVICE="eth0"\nHWADDR=52:54:00:12:34:56 # old\nONBOOT=yes\n',
  );
  assertEdit(
    (text) => withHwaddr(text, "ifcfg-eth0", { nics: NICS, add: true }),
    "ONBOOT=yes",
    "ONBOOT=yes\nHWADDR=52:54:00:12:34:56\n",
  );
});

test("a file for a card that was replaced stays as it is: its address must not come to life", () => {
  const nics: readonly IntendedNic[] = [{ name: "eth0", mac: "52:54:00:12:34:56", origin: "machine" }];
  const text = "DEVICE=eth0\nHWADDR=00:1A:64:00:00:01\nIPADDR=192.0.2.7\n";
  assert.equal(withHwaddr(text, "ifcfg-old", { nics, add: true }), text);
});
