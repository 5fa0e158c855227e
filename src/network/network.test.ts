// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { type NetworkSetup, type Nic, UserError } from "../core/index.ts";
import { addressCheck } from "./check.ts";
import { placeLinks } from "./place.ts";
import { renderNetworkd } from "./render.ts";
import { isUp, parseAddresses, parseGateways } from "./state.ts";

const A = "24:6e:96:00:00:01";
const B = "24:6e:96:00:00:02";
const nic = (name: string, mac: string, carrier: boolean): Nic => ({
  name,
  mac,
  carrier,
  driver: "ixgbe",
  speedMbit: null,
  bus: null,
});
const NICS = [nic("enp3s0", A, false), nic("enp4s0", B, true)];
const NONE = { kind: "none" } as const;
const card = (name: string, mac: string | null) =>
  ({ name, kind: { kind: "card", mac }, ip: NONE, mtu: null }) as const;

const SETUP: NetworkSetup = {
  links: [
    card("eno1", A),
    { ...card("eno2", B), mtu: 9000 },
    { name: "bond0", kind: { kind: "bond", mode: "802.3ad", ports: ["eno1", "eno2"] }, ip: NONE, mtu: null },
    {
      name: "bond0.100",
      kind: { kind: "vlan", id: 100, on: "bond0" },
      ip: { kind: "static", addresses: ["192.0.2.7/24"], gateways: ["192.0.2.1"] },
      mtu: null,
    },
    { name: "br0", kind: { kind: "bridge", ports: ["eno1"] }, ip: { kind: "auto" }, mtu: null },
  ],
  dns: ["192.0.2.53"],
  search: ["example.org"],
};

test("cards are known by their addresses, whatever order they are in, and no card by its rank or its name here", () => {
  const placed = (...cards: readonly ReturnType<typeof card>[]): readonly (string | null)[] =>
    placeLinks({ links: cards, dns: [], search: [] }, NICS).map(({ device }) => device);
  assert.deepEqual(placed(card("eno2", B), card("eno1", A)), ["enp4s0", "enp3s0"]);
  assert.deepEqual(placed(card("enp4s0", A), card("eth0", null)), ["enp3s0", null]);
  assert.deepEqual(placed(card("eth0", "24:6e:96:ff:ff:ff")), [null], "a card that is not here");
  const twins = [nic("a", A, true), nic("b", A, true)];
  assert.deepEqual(
    placeLinks({ links: [card("b", A), card("a", A)], dns: [], search: [] }, twins).map(
      ({ device }) => device,
    ),
    ["b", "a"],
  );
});

test("a setup becomes files of systemd-networkd", () => {
  const files = new Map(renderNetworkd(placeLinks(SETUP, NICS), SETUP).map(({ name, text }) => [name, text]));
  assert.deepEqual([...files.keys()].toSorted(), [
    "10-p2v-bond0.100.netdev",
    "10-p2v-bond0.100.network",
    "10-p2v-bond0.netdev",
    "10-p2v-bond0.network",
    "10-p2v-br0.netdev",
    "10-p2v-br0.network",
    "10-p2v-enp3s0.network",
    "10-p2v-enp4s0.network",
    "10-p2v-zz-others.network",
  ]);
  assert.match(
    files.get("10-p2v-enp4s0.network") ?? "",
    /Name=enp4s0\n.*MTUBytes=9000\n.*\nBond=bond0\nDHCP=no\n/s,
  );
  assert.match(files.get("10-p2v-bond0.netdev") ?? "", /Kind=bond\n\n\[Bond\]\nMode=802\.3ad\n/);
  assert.match(files.get("10-p2v-bond0.network") ?? "", /\[Network\]\nVLAN=bond0\.100\nDHCP=no\n/);
  assert.equal(
    files.get("10-p2v-bond0.100.network"),
    "[Match]\nName=bond0.100\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nDHCP=no\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\nAddress=192.0.2.7/24\nGateway=192.0.2.1\nLLMNR=no\nMulticastDNS=no\nDNS=192.0.2.53\nDomains=example.org\n",
  );
  assert.match(files.get("10-p2v-br0.netdev") ?? "", new RegExp(`Kind=bridge\nMACAddress=${A}\n`));
  assert.match(files.get("10-p2v-br0.network") ?? "", /DHCP=yes\n.*\[DHCPv4\]\nClientIdentifier=mac/s);
  assert.deepEqual(renderNetworkd([], { dns: [], search: [] }), []);
});

test("a card that is not here is named", () => {
  const setup = { links: [card("eth5", "24:6e:96:ff:ff:ff")], dns: [], search: [] };
  assert.throws(
    () => renderNetworkd(placeLinks(setup, NICS), setup),
    (error) =>
      error instanceof UserError && error.code === "network-card-missing" && /eth5/.test(error.message),
  );
});

const ADDRESSES = JSON.stringify([
  {
    ifname: "lo",
    flags: ["LOOPBACK", "UP", "LOWER_UP"],
    mtu: 65536,
    addr_info: [{ local: "127.0.0.1", prefixlen: 8, scope: "host" }],
  },
  {
    ifname: "bond0.100",
    flags: ["UP", "LOWER_UP"],
    mtu: 1500,
    addr_info: [
      { family: "inet", local: "192.0.2.7", prefixlen: 24, scope: "global" },
      { family: "inet6", local: "2001:db8::7", prefixlen: 64, scope: "global", tentative: true },
      { family: "inet6", local: "fe80::1", prefixlen: 64, scope: "link" },
    ],
  },
]);

test("a network is up when every address stands and can be used", () => {
  const interfaces = parseAddresses(ADDRESSES);
  assert.deepEqual(interfaces, [{ name: "bond0.100", up: true, mtu: 1500, addresses: ["192.0.2.7/24"] }]);
  assert.equal(isUp(interfaces, null), true);
  assert.equal(isUp(interfaces, SETUP), true);
  const six = { kind: "static", addresses: ["2001:db8:0::7/64"], gateways: [] } as const;
  const more = { ...SETUP, links: [...SETUP.links, { ...card("eno3", null), ip: six }] };
  assert.equal(isUp(interfaces, more), false);
  assert.equal(isUp(parseAddresses(ADDRESSES.replace(`,"tentative":true`, "")), more), true);
  assert.equal(isUp([], null), false);
});

test("no address has a reason", () => {
  const dark = { name: "enp3s0", up: false, mtu: 1500, addresses: [] };
  assert.match(addressCheck([], [dark]).text, /cable/);
  assert.match(addressCheck([], [{ ...dark, up: true }]).text, /DHCP/);
  assert.equal(addressCheck([{ ...dark, addresses: ["192.0.2.7/24"] }], []).ok, true);
});

test("default gateways of ip's JSON", () => {
  assert.deepEqual(
    parseGateways(
      `[{"dst":"default","gateway":"192.0.2.1","dev":"eno1","flags":[]},{"dst":"192.0.2.0/24","dev":"eno1"}]`,
    ),
    [{ gateway: "192.0.2.1", device: "eno1" }],
  );
});
