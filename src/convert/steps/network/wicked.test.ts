// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestInterface, IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withNames } from "./wicked.ts";

const nic = (name: string, last: number, slot?: string): IntendedNic => ({
  name,
  mac: `52:54:00:00:00:0${last}`,
  origin: "machine",
  ...(slot === undefined ? {} : { aliases: [slot] }),
});
const port = (name: string): GuestInterface => ({
  name,
  mac: null,
  from: "/x",
  configured: { kind: "port", of: "bond0" },
});

const BOND =
  "BONDING_MASTER='yes'\nBONDING_SLAVE_0='bus-pci-0000:01:00.0'\nBONDING_SLAVE_1='eth-id-52:54:00:00:00:02'\n";
const NAMED = "BONDING_MASTER='yes'\nBONDING_SLAVE_0='eth1'\nBONDING_SLAVE_1='eth0'\n";

test("ports of a bond by slot and by address get names", () => {
  const lost = new Set<string>();
  const nics = [nic("eth1", 1, "0000:01:00.0"), nic("eth0", 2)];
  assertEdit((text) => withNames(text, { bond: "bond0", nics, guest: { network: [] }, lost }), BOND, NAMED);
  assert.deepEqual([...lost], []);
});

test("what is left of a bond's ports are the cards that its files give to it; without such they are reported", () => {
  const lost = new Set<string>();
  const nics = [nic("eth1", 1), nic("eth0", 2)];
  const network = [port("eth0"), port("eth1")];
  assertEdit((text) => withNames(text, { bond: "bond0", nics, guest: { network }, lost }), BOND, NAMED);
  assert.equal(withNames(BOND, { bond: "bond0", nics: [], guest: { network: [] }, lost }), BOND);
  assert.deepEqual([...lost], ["bus-pci-0000:01:00.0", "eth-id-52:54:00:00:00:02"]);
});
