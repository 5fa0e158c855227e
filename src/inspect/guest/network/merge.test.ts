// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../../system/index.ts";
import { readGuestInterfaces, readGuestNetwork } from "./index.ts";

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

test("a VLAN stands on the card by the guest's name, and a file that tells it by address names none", async () => {
  const { layers } = await readGuestNetwork(
    memoryView({
      "/etc/systemd/network/20-b.network": `[Match]\nMACAddress=${A}\n[Network]\nVLAN=vlan5\n`,
      "/etc/systemd/network/30-v.netdev": "[NetDev]\nName=vlan5\nKind=vlan\n[VLAN]\nId=5\n",
      "/etc/systemd/network/30-v.network": "[Match]\nName=vlan5\n[Network]\nAddress=10.5.0.2/24\n",
      "/etc/systemd/network/10.link": `[Match]\nMACAddress=${A}\n[Link]\nName=lan2\n`,
    }),
  );
  assert.deepEqual(
    layers.map(({ name, kind }) => [name, kind]),
    [["vlan5", { kind: "vlan", id: 5, on: "lan2" }]],
  );
});

test("a gateway that is never a default route is none", async () => {
  const gateways = async (files: Readonly<Record<string, string>>): Promise<readonly unknown[]> =>
    (await readGuestInterfaces(memoryView(files))).interfaces.map(({ configured }) =>
      configured.kind === "static" ? configured.gateway : configured.kind,
    );
  const keyfile = (more: string) => ({
    "/etc/NetworkManager/system-connections/a": `[connection]\ntype=ethernet\ninterface-name=eno2\n[ipv4]\nmethod=manual\naddress1=10.0.0.10/24,10.0.0.1\n${more}`,
  });
  assert.deepEqual(await gateways(keyfile("")), ["10.0.0.1"]);
  assert.deepEqual(await gateways(keyfile("never-default=true\n")), [null]);
  const ifcfg = (more: string) => ({
    "/etc/sysconfig/network-scripts/ifcfg-eth0": `DEVICE=eth0\nIPADDR=10.0.0.10\nPREFIX=24\nGATEWAY=10.0.0.1\n${more}`,
  });
  assert.deepEqual(await gateways(ifcfg("")), ["10.0.0.1"]);
  assert.deepEqual(await gateways(ifcfg("DEFROUTE=no\n")), [null]);
  const unit = (route: string) => ({
    "/etc/systemd/network/a.network": `[Match]\nName=eno2\n[Network]\nAddress=10.0.0.10/24\n[Route]\nGateway=10.0.0.1\n${route}`,
  });
  assert.deepEqual(await gateways(unit("")), ["10.0.0.1"]);
  assert.deepEqual(await gateways(unit("Table=5\n")), [null]);
});
