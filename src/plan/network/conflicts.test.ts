// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../../lab/samples/report.ts";
import type { GuestOS, InterfaceClaim, Nic } from "../../core/index.ts";
import { chooseNics } from "./nics.ts";

const A = "00:1a:64:00:00:0a";
const B = "00:1a:64:00:00:0b";

const IFCFG = "/etc/sysconfig/network-scripts/ifcfg-eth0";
const RULES = "/etc/udev/rules.d/70-persistent-net.rules";

function guestOf(hwaddr: string): GuestOS {
  const { guest } = sampleReport();
  assert.ok(guest !== null);
  const address = (from: string, mac: string, how: "finds" | "names"): InterfaceClaim => ({
    name: "eth0",
    from,
    by: { kind: "address", mac, how },
  });
  const claims = [address(IFCFG, hwaddr, "finds"), address(RULES, A, "names")];
  const network = [{ name: "eth0", mac: hwaddr, from: IFCFG, configured: { kind: "dhcp" } as const }];
  return { ...guest, network, interfaces: { claims, naming: { kind: "kernel" } } };
}

const said = (hwaddr: string, machine: readonly string[], given = new Map<string, string>()) => {
  const machineNics = machine.map((mac, index): Nic => {
    return { name: `ens${index}`, mac, driver: null, speedMbit: null, carrier: null, bus: null };
  });
  const { problems } = chooseNics({ machineNics, guest: guestOf(hwaddr), given, seed: "" });
  return problems.filter(({ text }) => String(text).includes("calls the card"));
};

test("an ifcfg file and a udev rule that mean different cards by one name are told", () => {
  assert.deepEqual(said(A, []), []);
  for (const machine of [[], [A], [B]]) {
    const [problem, ...more] = said(B, machine);
    assert.equal(problem?.code, "nic-unclear");
    assert.match(String(problem.text), new RegExp(`ifcfg-eth0 .*${B}.*70-persistent.*${A}`));
    assert.equal(more.length, 0);
  }
  assert.deepEqual(said(B, [], new Map([["eth0", B]])), []);
});
