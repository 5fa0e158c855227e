// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../../system/index.ts";
import { readGuestInterfaces } from "./index.ts";

const A = "00:11:22:33:44:aa";

async function briefs(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { interfaces } = await readGuestInterfaces(memoryView(files));
  return interfaces.map(({ name, mac, configured }) => `${name} ${mac} ${configured.kind}`);
}

test("patterns stand for no card of their own, and the old place of a card that a link file names for none", async () => {
  const netplan = (ids: string): Readonly<Record<string, string>> => ({
    "/etc/netplan/1.yaml": `network:\n  ethernets:\n${ids}`,
  });
  const glob = (id: string): string => `    ${id}: {match: {name: "${id}*"}, dhcp4: true}\n`;
  assert.deepEqual(await briefs(netplan(glob("en") + glob("eth"))), ["enp1s0 null dhcp"]);
  const ruled = {
    ...netplan(glob("en") + glob("eth")),
    "/etc/udev/rules.d/70-net.rules": `SUBSYSTEM=="net", ATTR{address}=="${A}", NAME="eth0"\n`,
  };
  assert.deepEqual(await briefs(ruled), [`eth0 ${A} dhcp`]);
  const units = {
    "/etc/systemd/network/10.network": "[Match]\nDriver=igb\nPath=pci-0000:01:00.0\n[Network]\nDHCP=yes\n",
    "/etc/systemd/network/10.link": `[Match]\nMACAddress=${A}\n[Link]\nName=lan0\n`,
  };
  assert.deepEqual(await briefs(units), [`lan0 ${A} dhcp`]);
});
