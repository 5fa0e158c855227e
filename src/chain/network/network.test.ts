// SPDX-License-Identifier: Apache-2.0
// Which file configures a card of the VM, and which only looks as if it did.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bootable, debian, judge, MAC } from "../../../tests/support/guests/bootable.ts";

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

test("a file for plain cards is for the VM's, and one for what nobody knows of the VM is no proof", async () => {
  const file = (match: string) => ({
    "/etc/systemd/network/89-ethernet.network": `[Match]\n${match}\n[Network]\nDHCP=yes\n`,
  });
  for (const match of ["Kind=!*\nType=ether", "Kind=!*\nName=en*", "Type=ether\nName=!lo"])
    assert.match((await said(file(match))).join("\n"), /^proven: eno1: DHCP: .*89-ethernet/, match);
  assert.match(
    (await said(file("Credential=site"))).join("\n"),
    /^assumed: eno1: DHCP: .*asks for Credential=site/,
  );
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

const TWO = [
  { name: "eno1", mac: MAC, origin: "guest" },
  { name: "eno2", mac: "52:54:00:00:00:02", origin: "guest" },
] as const;
const withTwo = (system: Bootable): void => {
  system.intent = { ...system.intent, nics: TWO };
};
const rivals = async (files: Bootable["files"]): Promise<string> =>
  (await said(files, withTwo)).filter((line) => line.includes("default route")).join("\n");

test("two default routes of one metric: which one is used is chance", async () => {
  const netplan = (one: string, two: string): string =>
    `network:\n  ethernets:\n    eno1:\n      addresses: [192.0.2.10/24]\n${one}    eno2:\n      addresses: [198.51.100.10/24]\n${two}`;
  const gateway = (address: string): string => `      gateway4: ${address}\n`;
  const route = (address: string, more = ""): string =>
    `      routes:\n        - to: default\n          via: ${address}\n${more}`;
  const both = { "/etc/netplan/1.yaml": netplan(gateway("192.0.2.1"), route("198.51.100.1")) };
  assert.match(
    await rivals(both),
    /^assumed: 2 default routes: 192\.0\.2\.1 by eno1, 198\.51\.100\.1 by eno2: \/etc\/netplan\/1\.yaml: .*IPv4, table main/,
  );
  for (const more of ["          metric: 200\n", "          table: 7\n"]) {
    const text = netplan(gateway("192.0.2.1"), route("198.51.100.1", more));
    assert.equal(await rivals({ "/etc/netplan/1.yaml": text }), "", more);
  }
  const twice = (address: string): string =>
    `network:\n  ethernets:\n    lan:\n      match: {macaddress: "${MAC.toUpperCase()}"}\n      set-name: eno1\n      gateway4: ${address}\n`;
  assert.match(
    await rivals({ "/etc/netplan/1.yaml": twice("192.0.2.1"), "/etc/netplan/2.yaml": twice("192.0.2.2") }),
    /192\.0\.2\.1 by eno1, 192\.0\.2\.2 by eno1/,
  );
  assert.equal(
    await rivals({ "/etc/netplan/1.yaml": twice("192.0.2.1"), "/etc/netplan/2.yaml": twice("192.0.2.1") }),
    "",
  );
  const gone = twice("192.0.2.1").replace("eno1", "eno7").replace(MAC.toUpperCase(), "00:1a:64:00:00:0b");
  assert.equal(await rivals({ "/etc/netplan/1.yaml": twice("192.0.2.1"), "/etc/netplan/2.yaml": gone }), "");
});

test("so are those of ifupdown, systemd-networkd and old ifcfg files; NetworkManager gives metrics itself", async () => {
  const stanza = (name: string, net: string, more = ""): string =>
    `auto ${name}\niface ${name} inet static\n  address ${net}.10/24\n  gateway ${net}.1\n${more}`;
  const interfaces = (more: string) => ({
    "/etc/network/interfaces": stanza("eno1", "192.0.2") + stanza("eno2", "198.51.100", more),
  });
  assert.match(await rivals(interfaces("")), /192\.0\.2\.1 by eno1, 198\.51\.100\.1 by eno2/);
  assert.equal(await rivals(interfaces("  metric 10\n")), "");
  const unit = (match: string, body: string): string => `[Match]\n${match}\n${body}`;
  assert.match(
    await rivals({
      "/etc/systemd/network/1.network": unit("Name=eno1", "[Network]\nGateway=192.0.2.1\n"),
      "/etc/systemd/network/2.network": unit(
        "MACAddress=52:54:00:00:00:02",
        "[Route]\nGateway=198.51.100.1\n",
      ),
    }),
    /192\.0\.2\.1 by eno1, 198\.51\.100\.1 by eno2/,
  );
  const ifcfg = (name: string, net: string): string =>
    `DEVICE=${name}\nONBOOT=yes\nIPADDR=${net}.10\nPREFIX=24\nGATEWAY=${net}.1\n`;
  const scripts = {
    "/etc/sysconfig/network-scripts/ifcfg-eno1": ifcfg("eno1", "192.0.2"),
    "/etc/sysconfig/network-scripts/ifcfg-eno2": ifcfg("eno2", "198.51.100"),
  };
  assert.match(await rivals(scripts), /192\.0\.2\.1 by eno1/);
  assert.equal(await rivals({ ...scripts, "/usr/sbin/NetworkManager": "x" }), "");
  assert.equal(await rivals({ ...scripts, "/etc/sysconfig/network": "GATEWAYDEV=eno1\n" }), "");
});

test("netplan's match: macaddress with set-name, in upper case and over two files", async () => {
  const lan = (system: Bootable): void => {
    system.intent = {
      ...system.intent,
      nics: [{ name: "lan0", mac: "52:54:00:ab:cd:ef", origin: "machine" }],
    };
  };
  const device = (text: string): string => `network:\n  ethernets:\n    lan:\n${text}`;
  const match = '      match: {macaddress: "52:54:00:AB:CD:EF"}\n';
  const set = "      set-name: lan0\n      dhcp4: true\n";
  for (const files of [
    { "/etc/netplan/1.yaml": device(match + set) },
    { "/etc/netplan/1.yaml": device(match), "/etc/netplan/2.yaml": device(set) },
  ])
    assert.match((await said(files, lan)).join("\n"), /^proven: lan0: DHCP: [^\n]*$/);
  const other = { "/etc/netplan/1.yaml": device(match.replace("CD", "00") + set) };
  assert.match((await said(other, lan)).join("\n"), /^broken: lan0: DHCP: .*52:54:00:ab:00:ef/);
});

test("cloud-init may write the network anew, unless it is told to leave it alone", async () => {
  const ran: Bootable["files"] = {
    "/etc/network/interfaces": "auto eno1\niface eno1 inet static\naddress 10.0.0.5/24\n",
    "/usr/bin/cloud-init": "",
    "/var/lib/cloud/instance": { link: "/var/lib/cloud/instances/abc" },
    "/var/lib/cloud/instances/abc/datasource": "DataSourceEc2: DataSourceEc2\n",
  };
  assert.match((await said(ran)).join("\n"), /^assumed: cloud-init: .*from Ec2/);
  const told = { ...ran, "/etc/cloud/cloud.cfg.d/zz-virt-p2v.cfg": "network: {config: disabled}\n" };
  assert.doesNotMatch((await said(told)).join("\n"), /cloud-init/);
});

test("two default routes of networkd are told by the cards' names, and one in a VRF is none of them", async () => {
  const units = (more: string) => ({
    "/etc/systemd/network/a.network": `[Match]\nMACAddress=${MAC}\n[Network]\nAddress=10.1.0.2/24\nGateway=10.1.0.1\n`,
    "/etc/systemd/network/b.network": `[Match]\nMACAddress=52:54:00:00:00:02\n[Network]\n${more}Address=10.2.0.2/24\nGateway=10.2.0.1\n`,
  });
  assert.match(await rivals(units("")), /10\.1\.0\.1 by eno1, 10\.2\.0\.1 by eno2/);
  assert.equal(await rivals(units("VRF=mgmt\n")), "");
});
