// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { fittingMatch, setNamesOf } from "./netplan.ts";

const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: "52:54:00:12:34:56", origin: "given" }];

test("problem 3: netplan's match finds the VM's card, and what cannot fit is named", () => {
  const left: string[] = [];
  assertEdit(
    (text) => fittingMatch(text, { nics: NICS }, left),
    'network:\n  version: 2\n  ethernets:\n    # the first\n    lan:\n      match:\n        macaddress: "00:1a:64:00:00:01"  # old\n      set-name: eth0\n      macaddress: 00:1a:64:00:00:ff\n    other:\n      match: \n        driver: tg3\n  vlans:\n    v1: {id: 1, link: lan}\n',
    'network:\n  version: 2\n  ethernets:\n    # the first\n    lan:\n      match:\n        macaddress: "52:54:00:12:34:56"  # old\n      set-name: eth0\n      macaddress: 00:1a:64:00:00:ff\n    other:\n      match: \n        driver: tg3\n  vlans:\n    v1: {id: 1, link: lan}\n',
  );
  assert.deepEqual([...new Set(left)], ["driver tg3"]);
  assertEdit(
    (text) => fittingMatch(text, { nics: NICS }, []),
    "network:\n ethernets:\n  eth0:\n   match:\n    driver: e1000e\n   dhcp4: true\n",
    'network:\n ethernets:\n  eth0:\n   match:\n    macaddress: "52:54:00:12:34:56"\n   dhcp4: true\n',
  );
});

const plan = (device: string): string => `network:\n  version: 2\n  ethernets:\n${device}`;
const fit = (device: string, left: string[] = []): string =>
  fittingMatch(plan(device), { nics: NICS }, left).slice(plan("").length);

test("an address that the VM's card has stays as it is written, in any case and style", () => {
  for (const mac of ["52:54:00:AB:CD:EF", "'52:54:00:ab:cd:ef'", '"52:54:00:AB:cd:EF"']) {
    const nics = [{ name: "lan0", mac: "52:54:00:ab:cd:ef", origin: "machine" }] as const;
    for (const device of [
      `    lan:\n      match:\n        macaddress: ${mac}\n      set-name: lan0\n`,
      `    lan:\n      match: {macaddress: ${mac}}\n      set-name: lan0\n`,
      `    lan: {match: {macaddress: ${mac}}, set-name: lan0, dhcp4: true}\n`,
    ]) {
      const left: string[] = [];
      assert.equal(fittingMatch(plan(device), { nics }, left), plan(device));
      assert.deepEqual(left, []);
    }
  }
});

test("a match in one line is made to fit too", () => {
  assert.equal(
    fit('    lan:\n      match: {macaddress: "00:1A:64:00:00:01", driver: igb}\n      set-name: eth0\n'),
    '    lan:\n      match: {macaddress: "52:54:00:12:34:56"}\n      set-name: eth0\n',
  );
  assert.equal(
    fit("    lan: { match: { driver: igb, name: en* }, set-name: eth0 }\n"),
    '    lan: { match: { macaddress: "52:54:00:12:34:56", name: en* }, set-name: eth0 }\n',
  );
  const left: string[] = [];
  fit("    lan: {match: {macaddress: 00:1a:64:00:00:01}}\n    wan: {match: {driver: igb}}\n", left);
  assert.deepEqual(left, ["address 00:1a:64:00:00:01", "driver igb"]);
});

test("set-name may stand in another file than the match", () => {
  const match = plan("    lan:\n      match:\n        macaddress: 00:1a:64:00:00:01\n");
  const setNames = setNamesOf(plan("    lan:\n      set-name: eth0\n"));
  const left: string[] = [];
  assert.match(fittingMatch(match, { nics: NICS, setNames }, left), /macaddress: 52:54:00:12:34:56/);
  assert.deepEqual(left, []);
});
