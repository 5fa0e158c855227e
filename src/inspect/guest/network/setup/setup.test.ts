// SPDX-License-Identifier: Apache-2.0
// One network, written in each format, is read as the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkSetup } from "../../../../core/index.ts";
import { memoryView } from "../../../../system/index.ts";
import { readNetworkSetup } from "./index.ts";

const A = "24:6e:96:00:00:01";
const B = "24:6e:96:00:00:02";

const card = (name: string, mac: string | null, mtu: number | null = null) =>
  ({ name, kind: { kind: "card", mac }, ip: { kind: "none" }, mtu }) as const;

function expected(macs: readonly [string | null, string | null], mtu: number | null): NetworkSetup {
  return {
    links: [
      card("eno1", macs[0], mtu),
      card("eno2", macs[1], mtu),
      {
        name: "bond0",
        kind: { kind: "bond", mode: "802.3ad", ports: ["eno1", "eno2"] },
        ip: { kind: "none" },
        mtu: null,
      },
      {
        name: "bond0.100",
        kind: { kind: "vlan", id: 100, on: "bond0" },
        ip: {
          kind: "static",
          addresses: ["192.0.2.7/24", "2001:db8::7/64"],
          gateways: ["192.0.2.1", "2001:db8::1"],
        },
        mtu: null,
      },
    ],
    dns: ["192.0.2.53", "2001:db8::53"],
    search: ["example.org"],
  };
}

const FORMATS: Readonly<Record<string, readonly [Readonly<Record<string, string>>, NetworkSetup]>> = {
  ifupdown: [
    {
      "/etc/network/interfaces": `auto lo eno1 eno2 bond0 bond0.100
iface lo inet loopback
iface eno1 inet manual
  hwaddress ether ${A}
  bond-master bond0
  mtu 9000
iface eno2 inet manual
  hwaddress ether ${B}
  bond-master bond0
  mtu 9000
iface bond0 inet manual
  bond-mode 4
  bond-slaves none
iface bond0.100 inet static
  address 192.0.2.7
  netmask 255.255.255.0
  gateway 192.0.2.1
  dns-nameservers 192.0.2.53 2001:db8::53
  dns-search example.org
iface bond0.100 inet6 static
  address 2001:db8::7/64
  gateway 2001:db8::1
`,
    },
    expected([A, B], 9000),
  ],
  netplan: [
    {
      "/etc/netplan/50.yaml": `network:
  version: 2
  ethernets:
    eno1: {match: {macaddress: "${A}"}, mtu: 9000}
    eno2: {match: {macaddress: "${B}"}, mtu: 9000}
  bonds:
    bond0: {interfaces: [eno1, eno2], parameters: {mode: 802.3ad}}
  vlans:
    bond0.100:
      id: 100
      link: bond0
      addresses: [192.0.2.7/24, "2001:db8::7/64"]
      routes: [{to: default, via: 192.0.2.1}, {to: "::/0", via: "2001:db8::1"}]
      nameservers: {addresses: [192.0.2.53, "2001:db8::53"], search: [example.org]}
`,
    },
    expected([A, B], 9000),
  ],
  NetworkManager: [
    {
      "/etc/NetworkManager/system-connections/a": `[connection]\ntype=ethernet\ninterface-name=eno1\nmaster=7c2b1a00-0000-4000-8000-000000000001\nslave-type=bond\n[ethernet]\nmac-address=${A.toUpperCase()}\nmtu=9000\n`,
      "/etc/NetworkManager/system-connections/b": `[connection]\ntype=ethernet\ninterface-name=eno2\ncontroller=bond0\nport-type=bond\n[ethernet]\nmac-address=${B}\nmtu=9000\n`,
      "/etc/NetworkManager/system-connections/c": `[connection]\nuuid=7c2b1a00-0000-4000-8000-000000000001\ntype=bond\ninterface-name=bond0\n[bond]\nmode=802.3ad\n[ipv4]\nmethod=disabled\n`,
      "/etc/NetworkManager/system-connections/d": `[connection]\ntype=vlan\ninterface-name=bond0.100\n[vlan]\nid=100\nparent=bond0\n[ipv4]\nmethod=manual\naddress1=192.0.2.7/24,192.0.2.1\ndns=192.0.2.53;\ndns-search=example.org;\n[ipv6]\naddress1=2001:db8::7/64\ngateway=2001:db8::1\ndns=2001:db8::53;\n`,
    },
    expected([A, B], 9000),
  ],
  ifcfg: [
    {
      "/etc/sysconfig/network": "GATEWAY=192.0.2.1\n",
      "/etc/sysconfig/network-scripts/ifcfg-eno1": `DEVICE=eno1\nHWADDR=${A}\nMASTER=bond0\nSLAVE=yes\nMTU=9000\n`,
      "/etc/sysconfig/network-scripts/ifcfg-eno2": `DEVICE=eno2\nHWADDR=${B}\nMASTER=bond0\nSLAVE=yes\nMTU=9000\n`,
      "/etc/sysconfig/network-scripts/ifcfg-bond0": `DEVICE=bond0\nTYPE=Bond\nBONDING_OPTS="mode=4 miimon=100"\n`,
      "/etc/sysconfig/network-scripts/ifcfg-bond0.100": `DEVICE=bond0.100\nVLAN=yes\nIPADDR=192.0.2.7\nNETMASK=255.255.255.0\nIPV6INIT=yes\nIPV6ADDR=2001:db8::7/64\nIPV6_DEFAULTGW=2001:db8::1\nDNS1=192.0.2.53\nDNS2=2001:db8::53\nDOMAIN=example.org\n`,
    },
    expected([A, B], 9000),
  ],
  networkd: [
    {
      "/etc/systemd/network/10-bond0.netdev": "[NetDev]\nName=bond0\nKind=bond\n[Bond]\nMode=802.3ad\n",
      "/etc/systemd/network/11-v.netdev": "[NetDev]\nName=bond0.100\nKind=vlan\n[VLAN]\nId=100\n",
      "/etc/systemd/network/20-a.network": `[Match]\nName=eno1\nMACAddress=${A}\n[Link]\nMTUBytes=9000\n[Network]\nBond=bond0\n`,
      "/etc/systemd/network/20-b.network": `[Match]\nName=eno2\nMACAddress=${B}\n[Link]\nMTUBytes=9000\n[Network]\nBond=bond0\n`,
      "/etc/systemd/network/30-bond0.network": "[Match]\nName=bond0\n[Network]\nVLAN=bond0.100\n",
      "/etc/systemd/network/40-v.network":
        "[Match]\nName=bond0.100\n[Network]\nAddress=192.0.2.7/24\nAddress=2001:db8::7/64\nGateway=192.0.2.1\nGateway=2001:db8::1\nDNS=192.0.2.53 2001:db8::53\nDomains=~example.org\n",
    },
    expected([A, B], 9000),
  ],
};

const byName = (setup: NetworkSetup | null): NetworkSetup | null =>
  setup && { ...setup, links: setup.links.toSorted((a, b) => a.name.localeCompare(b.name)) };

for (const [format, [files, wanted]] of Object.entries(FORMATS))
  test(`a VLAN on a bond, as ${format} writes it`, async () => {
    assert.deepEqual(byName(await readNetworkSetup(memoryView(files))), byName(wanted));
  });

test("a bridge with DHCP, name servers of resolv.conf, and what nothing uses is left out", async () => {
  const setup = await readNetworkSetup(
    memoryView({
      "/etc/network/interfaces":
        "auto br0\niface br0 inet dhcp\n  bridge-ports enp3s0\niface enp4s0 inet static\n  address 192.0.2.9/24\n",
      "/etc/resolv.conf": "nameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch a.example b.example\n",
    }),
  );
  assert.deepEqual(byName(setup), {
    links: [
      { name: "br0", kind: { kind: "bridge", ports: ["enp3s0"] }, ip: { kind: "auto" }, mtu: null },
      card("enp3s0", null),
    ],
    dns: ["192.0.2.53"],
    search: ["a.example", "b.example"],
  });
});

test("the mode of a bond as modprobe.conf of RHEL 5 has it, and a team's", async () => {
  const modeOf = async (files: Readonly<Record<string, string>>): Promise<unknown> => {
    const setup = await readNetworkSetup(memoryView(files));
    return setup?.links.flatMap(({ kind }) => (kind.kind === "bond" ? [[kind.mode, kind.ports]] : []));
  };
  const at = "/etc/sysconfig/network-scripts";
  const bond = {
    "/etc/modprobe.conf": "alias bond0 bonding\noptions bond0 miimon=100 mode=4\n",
    [`${at}/ifcfg-bond0`]: "DEVICE=bond0\nIPADDR=192.0.2.7\nNETMASK=255.255.255.0\nONBOOT=yes\n",
    [`${at}/ifcfg-eth0`]: "DEVICE=eth0\nMASTER=bond0\nSLAVE=yes\nONBOOT=yes\n",
  };
  assert.deepEqual(await modeOf(bond), [["802.3ad", ["eth0"]]]);
  const team = {
    [`${at}/ifcfg-team0`]: `DEVICE=team0\nDEVICETYPE=Team\nTEAM_CONFIG='{"runner": {"name": "lacp"}}'\nBOOTPROTO=dhcp\n`,
    [`${at}/ifcfg-eth0`]: "DEVICE=eth0\nDEVICETYPE=TeamPort\nTEAM_MASTER=team0\n",
  };
  assert.deepEqual(await modeOf(team), [["802.3ad", ["eth0"]]]);
  const keyfile = {
    "/etc/NetworkManager/system-connections/t":
      '[connection]\ntype=team\ninterface-name=team0\n[team]\nconfig={ "runner" : { "name" : "activebackup" } }\n[ipv4]\nmethod=auto\n',
    "/etc/NetworkManager/system-connections/p":
      "[connection]\ntype=ethernet\ninterface-name=eno1\nmaster=team0\nslave-type=team\n",
  };
  assert.deepEqual(await modeOf(keyfile), [["active-backup", ["eno1"]]]);
});

test("nonsense and hostile files give nothing, or little", async () => {
  assert.equal(await readNetworkSetup(memoryView({})), null);
  const many = Array.from(
    { length: 5000 },
    (_, n) => `auto e${n}\niface e${n} inet static\n address 192.0.2.7/99\n mtu 1\n`,
  );
  const setup = await readNetworkSetup(memoryView({ "/etc/network/interfaces": many.join("") }));
  assert.ok((setup?.links.length ?? 0) <= 64);
  const strange =
    "auto x\niface x inet static\n address 1.2.3.4/24\n gateway nowhere\n dns-nameservers $(id)\n vlan-raw-device x\n vlan-id 5\n";
  assert.deepEqual(await readNetworkSetup(memoryView({ "/etc/network/interfaces": strange })), {
    links: [
      {
        name: "x",
        kind: { kind: "vlan", id: 5, on: "x" },
        ip: { kind: "static", addresses: ["1.2.3.4/24"], gateways: [] },
        mtu: null,
      },
    ],
    dns: [],
    search: [],
  });
});
