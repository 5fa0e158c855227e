// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../../lab/samples/report.ts";
import type { GuestOS, Nic } from "../../core/index.ts";
import { inspectGuest } from "../../inspect/index.ts";
import { memoryView } from "../../system/index.ts";
import { chooseNics } from "./nics.ts";

const A = "00:1a:64:00:00:0a";
const B = "00:1a:64:00:00:0b";

async function guestOf(hwaddr: string): Promise<GuestOS> {
  const { guest } = sampleReport();
  const { network, interfaces } = await inspectGuest(
    memoryView({
      "/etc/sysconfig/network-scripts/ifcfg-eth0": `DEVICE=eth0\nHWADDR=${hwaddr.toUpperCase()}\nBOOTPROTO=dhcp\nONBOOT=yes\n`,
      "/etc/udev/rules.d/70-persistent-net.rules": `SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="${A}", NAME="eth0"\n`,
    }),
    { rootNode: "fs", mounts: [], names: guest?.names ?? { known: [], unclear: [] }, usedBytes: 0 },
  );
  assert.ok(guest !== null && interfaces !== undefined);
  return { ...guest, network, interfaces };
}

const said = async (hwaddr: string, machine: readonly string[], given = new Map<string, string>()) => {
  const machineNics = machine.map((mac, index): Nic => {
    return { name: `ens${index}`, mac, driver: null, speedMbit: null, carrier: null, bus: null };
  });
  const { problems } = chooseNics({ machineNics, guest: await guestOf(hwaddr), given, seed: "" });
  return problems.filter(({ text }) => String(text).includes("calls the card"));
};

test("an ifcfg file and a udev rule that mean different cards by one name are told", async () => {
  assert.deepEqual(await said(A, []), []);
  for (const machine of [[], [A], [B]]) {
    const [problem, ...more] = await said(B, machine);
    assert.equal(problem?.code, "nic-unclear");
    assert.match(String(problem.text), new RegExp(`ifcfg-eth0 .*${B}.*70-persistent.*${A}`));
    assert.equal(more.length, 0);
  }
  assert.deepEqual(await said(B, [], new Map([["eth0", B]])), []);
});
