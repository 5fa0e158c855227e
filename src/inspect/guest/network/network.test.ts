// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { type GuestInterface, type InterfaceConfig, patternOf } from "../../../core/index.ts";
import { memoryView } from "../../../system/index.ts";
import { readGuestInterfaces } from "./index.ts";
import { cidrOf } from "./source.ts";

type Brief = readonly [string, string | null, InterfaceConfig];

async function briefs(files: Readonly<Record<string, string>>): Promise<readonly Brief[]> {
  const found: readonly GuestInterface[] = (await readGuestInterfaces(memoryView(files))).interfaces;
  return found.map(({ name, mac, configured }) => [name, mac, configured]);
}

const fixed = (address: string, gateway: string | null = null): InterfaceConfig => ({
  kind: "static",
  addresses: [address],
  gateway,
});
const DHCP: InterfaceConfig = { kind: "dhcp" };
const NONE: InterfaceConfig = { kind: "none" };
const port = (of: string): InterfaceConfig => ({ kind: "port", of });

const A = "00:11:22:33:44:aa";
const B = "00:11:22:33:44:bb";

test("problem 5: ifupdown: static and DHCP, sources, families, aliases, loopback left out", async () => {
  const files = {
    "/etc/network/interfaces": `source /etc/network/interfaces.d/*
source-directory more
auto lo eth0
iface lo inet loopback
iface eth0 inet static
    address 192.0.2.7
    netmask 255.255.255.0
    gateway 192.0.2.1
    up ip route add 198.51.100.0/24 via 192.0.2.2
iface eth0 inet6 static
    address 2001:db8::7/64
auto eth0:1
iface eth0:1 inet static
    address 192.0.2.8/24
`,
    "/etc/network/interfaces.d/one": "allow-hotplug enp3s0\niface enp3s0 inet \\\n  dhcp\n",
    "/etc/network/more/two": "auto enp4s0\niface enp4s0 inet manual\n",
    "/etc/network/more/no.dots": "auto enp5s0\niface enp5s0 inet dhcp\n",
  };
  assert.deepEqual(await briefs(files), [
    [
      "eth0",
      null,
      { kind: "static", addresses: ["192.0.2.7/24", "2001:db8::7/64", "192.0.2.8/24"], gateway: "192.0.2.1" },
    ],
    ["enp3s0", null, DHCP],
    ["enp4s0", null, NONE],
  ]);
});

test("ifupdown: what nothing starts is not expected at boot", async () => {
  const text = "iface eth0 inet dhcp\nauto /en*\niface eno1 inet dhcp\nauto eth7\n";
  assert.deepEqual(await briefs({ "/etc/network/interfaces": text }), [
    ["eth0", null, NONE],
    ["eno1", null, DHCP],
    ["eth7", null, NONE],
  ]);
});

test("ifupdown: a stanza under a name of its own is for the cards that are started with it", async () => {
  const text = "auto eth0=lan\niface lan inet dhcp\nallow-hotplug /en*=any\niface any inet dhcp\n";
  const found = (await readGuestInterfaces(memoryView({ "/etc/network/interfaces": text }))).interfaces;
  assert.deepEqual(
    found.map(({ name, configured, anyOf }) => [name, configured.kind, anyOf]),
    [
      ["eth0", "dhcp", undefined],
      ["enp1s0", "dhcp", ["en*"]],
    ],
  );
});

test("ifupdown: ports of bonds, bridges and VLANs, however those are called", async () => {
  const text = `auto lacp vmbr9 office eth4.20 eth5
iface lacp inet manual
    bond-slaves eth0 eth1
    bond-mode 802.3ad
iface vmbr9 inet static
    address 192.0.2.7/24
    bridge_ports eth2
iface eth3 inet manual
    bond-master second
iface office inet dhcp
    vlan-raw-device eth5
iface eth4.20 inet dhcp
iface eth5 inet static
    address 192.0.2.9/24
`;
  assert.deepEqual(await briefs({ "/etc/network/interfaces": text }), [
    ["eth3", null, port("second")],
    ["eth5", null, fixed("192.0.2.9/24")],
    ["eth0", null, port("lacp")],
    ["eth1", null, port("lacp")],
    ["eth2", null, port("vmbr9")],
    ["eth4", null, port("eth4.20")],
  ]);
});

test("ifupdown: a file that sources itself is read once", async () => {
  const text = "source /etc/network/*\nauto eth0\niface eth0 inet dhcp\n";
  assert.deepEqual(await briefs({ "/etc/network/interfaces": text }), [["eth0", null, DHCP]]);
});

test("netplan: files laid over each other, match, set-name, bonds, bridges, VLANs", async () => {
  const files = {
    "/etc/netplan/00-installer.yaml": `network:
  ethernets:
    eno1: {dhcp4: true}
    lan:
      match: {macaddress: "${A.toUpperCase()}"}
      set-name: eth9
      addresses: [192.0.2.7/24, "2001:db8::7/64": {lifetime: 0}]
      routes: [{to: default, via: 192.0.2.1}]
    eno3: {}
    eno4: {}
    eno5: {dhcp4: yes, activation-mode: manual}
  bonds:
    pair: {interfaces: [eno3], dhcp4: true}
  bridges:
    kvm: {interfaces: [eno4]}
  vlans:
    v20: {id: 20, link: lan}
`,
    "/etc/netplan/99-site.yaml":
      "network:\n  ethernets:\n    eno1:\n      dhcp4: false\n      addresses: [192.0.2.8/24]\n",
    "/etc/netplan/50-broken.yaml": "network: [\n",
    "/etc/netplan/10-old.yaml.save": "network: {ethernets: {eno8: {dhcp4: true}}}\n",
  };
  assert.deepEqual(await briefs(files), [
    ["eno1", null, fixed("192.0.2.8/24")],
    ["eth9", A, { kind: "static", addresses: ["192.0.2.7/24", "2001:db8::7/64"], gateway: "192.0.2.1" }],
    ["eno3", null, port("pair")],
    ["eno4", null, port("kvm")],
    ["eno5", null, NONE],
  ]);
});

test("a profile that means a pattern finds the cards that are named, or one that fits", async () => {
  const netplan = "network: {ethernets: {all: {match: {name: 'en*'}, dhcp4: true}}}\n";
  assert.deepEqual(await briefs({ "/etc/netplan/a.yaml": netplan }), [["enp1s0", null, DHCP]]);
  const files = {
    "/etc/systemd/network/20-wired.network": "[Match]\nName=en* wl*\n[Network]\nDHCP=ipv4\n",
    "/etc/systemd/network/10-card.link": `[Match]\nMACAddress=${A}\n[Link]\nName=eno7\n`,
  };
  assert.deepEqual(await briefs(files), [["eno7", A, DHCP]]);
  const keyfile = "[connection]\nid=Wired connection 1\ntype=ethernet\n[ipv4]\nmethod=auto\n";
  assert.deepEqual(await briefs({ "/etc/NetworkManager/system-connections/w.nmconnection": keyfile }), [
    ["eth0", null, DHCP],
  ]);
});

test("a profile that means a MAC takes the name that a rule gives to it", async () => {
  const files = {
    "/etc/sysconfig/network/ifcfg-eth-id-00:11:22:33:44:aa": "BOOTPROTO='static'\nIPADDR=192.0.2.7/24\n",
    "/etc/sysconfig/network/routes": "# comment\ndefault 192.0.2.1 - -\n",
    "/etc/udev/rules.d/30-net_persistent_names.rules": `SUBSYSTEM=="net", ACTION=="add", SYSFS{address}=="${A}", IMPORT="/lib/udev/rename_netiface %k eth3"\nSUBSYSTEM=="net", ACTION=="add", SYSFS{address}=="${A}", NAME="eth3"\n`,
  };
  assert.deepEqual(await briefs(files), [["eth3", A, fixed("192.0.2.7/24", "192.0.2.1")]]);
});

test("networkd: bonds, VLANs on top of addresses, files for others than cards", async () => {
  const files = {
    "/etc/systemd/network/a.network": "[Match]\nName=eth0 eth1\n[Network]\nBond=pair\n",
    "/etc/systemd/network/b.network": `[Match]\nMACAddress=${B}\nName=eth2\n[Network]\nAddress=192.0.2.7/24\nGateway=192.0.2.1\nVLAN=lan20\n`,
    "/etc/systemd/network/c.network": "[Match]\nName=pair\n[Network]\nDHCP=yes\n",
    "/etc/systemd/network/d.network": "[Match]\nKind=veth\nName=host0\n[Network]\nDHCP=yes\n",
    "/etc/systemd/network/pair.netdev": "[NetDev]\nName=pair\nKind=bond\n",
  };
  assert.deepEqual(await briefs(files), [
    ["eth0", null, port("pair")],
    ["eth1", null, port("pair")],
    ["eth2", B, fixed("192.0.2.7/24", "192.0.2.1")],
  ]);
});

test("NetworkManager: ports by UUID, VLAN parents, profiles that do not start by themselves", async () => {
  const directory = "/etc/NetworkManager/system-connections";
  const uuid = "0b0e8d5e-2c4b-4f0e-9f2e-6d5f2f6f0001";
  const files = {
    [`${directory}/bond0.nmconnection`]: `[connection]\ntype=bond\nuuid=${uuid}\ninterface-name=pair\n`,
    [`${directory}/p1`]: `[connection]\ntype=ethernet\ninterface-name=eno1\nmaster=${uuid}\nslave-type=bond\n`,
    [`${directory}/p2`]:
      "[connection]\ntype=802-3-ethernet\ninterface-name=eno2\ncontroller=pair\nport-type=bond\n",
    [`${directory}/v`]: "[connection]\ntype=vlan\ninterface-name=lan20\n[vlan]\nparent=eno3\nid=20\n",
    [`${directory}/e`]: `[connection]\ntype=ethernet\ninterface-name=eno4\nautoconnect=false\n[ethernet]\nmac-address=${A.toUpperCase()}\n[ipv4]\nmethod=auto\n`,
    [`${directory}/f`]:
      "[connection]\ntype=ethernet\ninterface-name=eno5\n[ipv4]\nmethod=manual\naddress1=192.0.2.7/24,192.0.2.1\naddress2=192.0.2.8/24\n[ipv6]\nmethod=auto\n",
    [`${directory}/w`]: "[connection]\ntype=wifi\ninterface-name=wlp2s0\n",
  };
  assert.deepEqual(await briefs(files), [
    ["eno4", A, NONE],
    ["eno5", null, { kind: "static", addresses: ["192.0.2.7/24", "192.0.2.8/24"], gateway: "192.0.2.1" }],
    ["eno1", null, port("pair")],
    ["eno2", null, port("pair")],
    ["eno3", null, port("lan20")],
  ]);
});

test("ifcfg of RHEL: bonds, bridges, VLANs, ONBOOT, addresses in each form", async () => {
  const directory = "/etc/sysconfig/network-scripts";
  const files = {
    "/etc/sysconfig/network": "NETWORKING=yes\nHOSTNAME=old\nGATEWAY=192.0.2.254\n",
    [`${directory}/ifcfg-lo`]: "DEVICE=lo\nIPADDR=127.0.0.1\n",
    [`${directory}/ifcfg-bond0`]: 'DEVICE=bond0\nBONDING_OPTS="mode=1"\nIPADDR=192.0.2.3\nPREFIX=24\n',
    [`${directory}/ifcfg-em1`]: `DEVICE=em1\nHWADDR=${A.toUpperCase()}\nMASTER=bond0\nSLAVE=yes\n`,
    [`${directory}/ifcfg-em2`]: "DEVICE=em2\nBRIDGE=lan # comment\n",
    [`${directory}/ifcfg-lan`]: "DEVICE=lan\nTYPE=Bridge\nBOOTPROTO=dhcp\n",
    [`${directory}/ifcfg-em3`]:
      "DEVICE=em3\nIPADDR=192.0.2.7\nNETMASK=255.255.255.0\nIPADDR2=192.0.2.8\nPREFIX2=24\n",
    [`${directory}/ifcfg-em3:0`]: "DEVICE=em3:0\nIPADDR=192.0.2.9\nNETMASK=255.255.255.0\n",
    [`${directory}/ifcfg-em4.20`]: "DEVICE=em4.20\nVLAN=yes\nBOOTPROTO=dhcp\n",
    [`${directory}/ifcfg-em5`]: 'DEVICE="em5"\nBOOTPROTO="dhcp"\nONBOOT="no"\n',
    [`${directory}/ifcfg-em6.bak`]: "DEVICE=em6\nBOOTPROTO=dhcp\n",
  };
  const found = new Map((await briefs(files)).map(([name, ...rest]) => [name, rest]));
  assert.deepEqual([...found.keys()].toSorted(), ["em1", "em2", "em3", "em4", "em5"]);
  assert.deepEqual(found.get("em1"), [A, port("bond0")]);
  assert.deepEqual(found.get("em2"), [null, port("lan")]);
  assert.deepEqual(found.get("em3"), [
    null,
    {
      kind: "static",
      addresses: ["192.0.2.7/24", "192.0.2.8/24", "192.0.2.9/24"],
      gateway: "192.0.2.254",
    },
  ]);
  assert.deepEqual(found.get("em4"), [null, port("em4.20")]);
  assert.deepEqual(found.get("em5"), [null, NONE]);
});

test("ifcfg of SUSE: ports are named in the file of the bond or bridge", async () => {
  const directory = "/etc/sysconfig/network";
  const files = {
    [`${directory}/ifcfg-eth0`]: "BOOTPROTO='none'\nSTARTMODE='hotplug'\n",
    [`${directory}/ifcfg-bond0`]: "BONDING_MASTER='yes'\nBONDING_SLAVE_0='eth0'\nBONDING_SLAVE1='eth1'\n",
    [`${directory}/ifcfg-kvm`]: "BRIDGE='yes'\nBRIDGE_PORTS='eth2'\nIPADDR='192.0.2.7/24'\n",
    [`${directory}/ifcfg-vlan7`]: "ETHERDEVICE='eth3'\nVLAN_ID='7'\n",
    [`${directory}/ifcfg-eth4`]: "BOOTPROTO='dhcp'\nSTARTMODE='off'\n",
  };
  const found = (await briefs(files)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(found, [
    ["eth0", null, port("bond0")],
    ["eth1", null, port("bond0")],
    ["eth2", null, port("kvm")],
    ["eth3", null, port("vlan7")],
    ["eth4", null, NONE],
  ]);
});

test("a rule names a further card; a stale one must not give a card's MAC away", async () => {
  const rule = (mac: string, name: string): string =>
    `# PCI device\nSUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="${mac}", \\\n ATTR{type}=="1", KERNEL=="eth*", NAME="${name}"\n`;
  const files = {
    "/etc/sysconfig/network-scripts/ifcfg-eth0": `DEVICE=eth0\nHWADDR=${A}\nBOOTPROTO=dhcp\n`,
    "/etc/udev/rules.d/70-persistent-net.rules":
      rule("00:11:22:00:00:01", "eth0") + rule(A, "eth1") + rule(B, "eth2"),
  };
  assert.deepEqual(await briefs(files), [
    ["eth0", A, DHCP],
    ["eth2", B, NONE],
  ]);
});

test("patternOf() matches as fnmatch does", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["en*", "enp3s0", true],
    ["en*", "eth0", false],
    ["eth?", "eth0", true],
    ["eth?", "eth10", false],
    ["e[nm]*", "em1", true],
    ["e[!n]*", "eno1", false],
    ["e[z-a]*", "em1", false],
    ["a.b", "axb", false],
    ["(", "(", true],
    ["[", "[", true],
    ["***********************x", "aaaaaaaaaaaaaaa", false],
  ];
  for (const [glob, name, expected] of cases) assert.equal(patternOf(glob).test(name), expected, glob);
});

test("cidrOf() joins an address and a mask of any form", () => {
  assert.equal(cidrOf("192.0.2.7", "255.255.254.0"), "192.0.2.7/23");
  assert.equal(cidrOf("192.0.2.7/24", "255.0.0.0"), "192.0.2.7/24");
  assert.equal(cidrOf("192.0.2.7", "24"), "192.0.2.7/24");
  assert.equal(cidrOf("2001:db8::1/64"), "2001:db8::1/64");
  assert.equal(cidrOf("192.0.2.7", "255.0.255.0"), "192.0.2.7");
  for (const none of ["", "dhcp", "$IP", "1.2.3"]) assert.equal(cidrOf(none), null);
});
