// SPDX-License-Identifier: Apache-2.0
// Which file configures a card of the VM, and which only looks as if it did.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bootable, debian, judge, MAC } from "../../tests/support/guests/bootable.ts";

const KEYFILE = "/etc/NetworkManager/system-connections/lan.nmconnection";

/** What is said of the network, a line each. */
async function said(
  files: Bootable["files"],
  spoil: (system: Bootable) => void = () => {},
): Promise<readonly string[]> {
  const system = debian();
  delete system.files["/etc/network/interfaces"];
  Object.assign(system.files, files);
  spoil(system);
  return (await judge(system)).links
    .filter(({ place }) => place === "network")
    .map(({ verdict, text, why }) => `${verdict}: ${String(text)}: ${String(why)}`);
}

const keyfile = (match: string): Bootable["files"] => ({
  [KEYFILE]: {
    content: `[connection]\nid=lan\ntype=ethernet\n[match]\n${match}\n[ipv4]\nmethod=auto\n`,
    mode: 0o600,
  },
});

test("a profile of NetworkManager for the old driver or slot is not used", async () => {
  for (const match of ["driver=igb;", "path=pci-0000:03:00.0;", "interface-name=eno*;\ndriver=igb;"]) {
    const [line = "", ...more] = await said(keyfile(match));
    assert.match(line, /^broken: eno1: DHCP: .*lan\.nmconnection asks for (?:driver|path)=/, match);
    assert.deepEqual(more, []);
  }
  for (const match of ["driver=igb;virtio_net;", "interface-name=eno*;", "driver=!igb;"])
    assert.match((await said(keyfile(match))).join("\n"), /^proven: eno1: DHCP/, match);
  const byWord = keyfile("kernel-command-line=site=plant;");
  assert.match((await said(byWord)).join("\n"), /^broken: eno1: DHCP: .*site=plant/);
});

test("so is a file of systemd-networkd, unless another one is for the card", async () => {
  const old = {
    "/etc/systemd/network/10-lan.network": "[Match]\nDriver=igb\n[Network]\nDHCP=yes\n",
  };
  assert.match((await said(old)).join("\n"), /^broken: eno1: DHCP: .*asks for Driver=igb/);
  const both = { ...old, "/etc/systemd/network/20-all.network": "[Match]\nName=en*\n[Network]\nDHCP=yes\n" };
  assert.match((await said(both)).join("\n"), /^proven: eno1: DHCP: .*20-all/);
});

test("so is a match of netplan, and of Xen's card the driver has other names", async () => {
  const plan = (driver: string) => ({
    "/etc/netplan/01.yaml": `network:\n  ethernets:\n    lan:\n      match:\n        name: eno*\n        driver: ${driver}\n      dhcp4: true\n`,
  });
  assert.match((await said(plan("ixgbe"))).join("\n"), /^broken: eno1: DHCP: .*asks for driver: ixgbe/);
  assert.match((await said(plan("[ixgbe, virtio*]"))).join("\n"), /^proven: eno1: DHCP/);
  const onXen = (system: Bootable): void => {
    system.intent = { ...system.intent, hypervisor: "xen" };
    system.kernel = { xen: ["pv"] };
  };
  assert.match((await said(keyfile("driver=vif;"), onXen)).join("\n"), /^proven: eno1: DHCP/);
});

test("a file for another address than the card's is not used, whatever the rule of udev says", async () => {
  const ifcfg = (mac: string) => ({
    "/etc/sysconfig/network-scripts/ifcfg-eno1": `DEVICE=eno1\nHWADDR=${mac}\nBOOTPROTO=dhcp\nONBOOT=yes\n`,
  });
  assert.match(
    (await said(ifcfg("00:1A:64:00:00:0B"))).join("\n"),
    /^broken: eno1: DHCP: .*00:1a:64:00:00:0b/,
  );
  assert.match((await said(ifcfg(MAC.toUpperCase()))).join("\n"), /^proven: eno1: DHCP/);
});
