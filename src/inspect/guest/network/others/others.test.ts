// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../../../system/index.ts";
import { readGuestInterfaces } from "../index.ts";
import { readAutomatic } from "./index.ts";

async function briefs(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { interfaces } = await readGuestInterfaces(memoryView(files));
  return interfaces.map(({ name, configured }) =>
    configured.kind === "static"
      ? `${name} ${configured.addresses.join(" ")} by ${configured.gateway}`
      : `${name} ${configured.kind}`,
  );
}

test("netifrc: what a runlevel starts, with its addresses over lines or in arrays", async () => {
  const files = {
    "/etc/conf.d/net":
      'config_enp3s0="192.0.2.10/24\n192.0.2.11/24"\nroutes_enp3s0="default via 192.0.2.1"\nconfig_eth9="10.0.0.1/8"\n' +
      'config_eth0=("198.51.100.7 netmask 255.255.255.0 brd 198.51.100.255")\nconfig_eth1="null"\nslaves_bond0="eth3 eth4"\n',
    "/etc/runlevels/default/net.enp3s0": "",
    "/etc/runlevels/default/net.eth0": "",
    "/etc/runlevels/default/net.eth1": "",
    "/etc/runlevels/default/net.eth2": "",
    "/etc/runlevels/default/net.bond0": "",
    "/etc/runlevels/boot/net.lo": "",
  };
  assert.deepEqual(await briefs(files), [
    "enp3s0 192.0.2.10/24 192.0.2.11/24 by 192.0.2.1",
    "eth0 198.51.100.7/24 by null",
    "eth1 none",
    "eth2 dhcp",
    "eth3 port",
    "eth4 port",
  ]);
});

test("rc.inet1.conf of Slackware, old and new", async () => {
  const text =
    'IPADDR[0]="192.0.2.10"\nNETMASK[0]="255.255.255.0"\nUSE_DHCP[0]=""\nIPADDR[1]=""\nUSE_DHCP[1]="yes"\n' +
    'IFNAME[2]="lan0"\nIPADDRS[2]="10.0.0.2/24"\nUSE_DHCP[3]=""\nGATEWAY="192.0.2.1"\n';
  assert.deepEqual(await briefs({ "/etc/rc.d/rc.inet1.conf": text }), [
    "eth0 192.0.2.10/24 by 192.0.2.1",
    "eth1 dhcp",
    "lan0 10.0.0.2/24 by null",
  ]);
});

test("dhcpcd.conf, where dhcpcd is started", async () => {
  const files = {
    "/etc/dhcpcd.conf":
      "hostname\noption rapid_commit\ninterface eth0\nstatic ip_address=192.0.2.10/24\nstatic routers=192.0.2.1\n",
  };
  assert.deepEqual(await briefs(files), []);
  const started = { ...files, "/etc/systemd/system/multi-user.target.wants/dhcpcd.service": "" };
  assert.deepEqual(await briefs(started), ["eth0 192.0.2.10/24 by 192.0.2.1"]);
});

test("what raises a card that no file names", async () => {
  const by = (files: Readonly<Record<string, string>>): Promise<string | null> =>
    readAutomatic(memoryView(files));
  const wants = "/etc/systemd/system/multi-user.target.wants";
  const manager = { [`${wants}/NetworkManager.service`]: "" };
  assert.match((await by(manager)) ?? "", /^NetworkManager asks by DHCP/);
  const held = { ...manager, "/usr/lib/NetworkManager/conf.d/00-server.conf": "[main]\nno-auto-default=*\n" };
  assert.match((await by(held)) ?? "", /not read here/);
  assert.match((await by({ "/etc/runlevels/default/dhcpcd": "" })) ?? "", /^dhcpcd/);
  assert.match((await by({ [`${wants}/cloud-init.service`]: "" })) ?? "", /^cloud-init/);
  assert.equal(await by({ [`${wants}/ssh.service`]: "" }), null);
});
