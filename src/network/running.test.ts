// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Nic } from "../core/index.ts";
import { parseResolvConf, parseRunning, type RunningTexts } from "./running.ts";

const A = "24:6e:96:00:00:01";
const B = "24:6e:96:00:00:02";
const nic = (name: string, mac: string): Nic => ({
  name,
  mac,
  carrier: true,
  driver: "igb",
  speedMbit: null,
  bus: null,
});
const NICS = [nic("eno1", A), nic("eno2", B)];
const address = (local: string, prefixlen: number, more: object = {}): object => ({
  family: local.includes(":") ? "inet6" : "inet",
  local,
  prefixlen,
  scope: "global",
  ...more,
});
const link = (ifname: string, more: object = {}): object => ({
  ifname,
  link_type: "ether",
  mtu: 1500,
  addr_info: [],
  ...more,
});
const LO = link("lo", { link_type: "loopback", addr_info: [address("127.0.0.1", 8)] });

function texts({
  links,
  routes = [],
  way,
}: {
  links: readonly object[];
  routes?: readonly object[];
  way: object;
}): RunningTexts {
  const resolvConf = "# made\nnameserver 192.0.2.53\nsearch example.org\n";
  return {
    links: JSON.stringify([LO, ...links]),
    routes: [JSON.stringify(routes), ""],
    way: JSON.stringify([way]),
    resolvConf,
  };
}

const DEFAULT = { dst: "default", gateway: "192.0.2.1", dev: "eno1", flags: [] };

test("fixed addresses stay, with their gateway and name servers; what a router told is asked for again", () => {
  const fixed = link("eno1", {
    mtu: 9000,
    addr_info: [
      address("192.0.2.7", 24),
      address("2001:db8::7", 64, { dynamic: true }),
      { family: "inet6", local: "fe80::1", prefixlen: 64, scope: "link" },
    ],
  });
  const { setup, left, blocked } = parseRunning(
    texts({ links: [fixed], routes: [DEFAULT], way: DEFAULT }),
    NICS,
  );
  assert.deepEqual(setup, {
    links: [
      {
        name: "eno1",
        kind: { kind: "card", mac: A },
        ip: { kind: "static", addresses: ["192.0.2.7/24"], gateways: ["192.0.2.1"] },
        mtu: 9000,
      },
    ],
    dns: ["192.0.2.53"],
    search: ["example.org"],
  });
  assert.deepEqual(left, []);
  assert.equal(blocked, null);
});

test("an address with an end is one of DHCP", () => {
  const links = [link("eno1", { addr_info: [address("192.0.2.7", 24, { dynamic: true })] })];
  const { setup, blocked } = parseRunning(texts({ links, routes: [DEFAULT], way: DEFAULT }), NICS);
  assert.deepEqual(setup.links[0]?.ip, { kind: "auto" });
  assert.equal(blocked, null);
});

test("a VLAN on a bond brings all that it stands on; the ports of a bond have no addresses", () => {
  const links = [
    link("eno1", { master: "bond0", linkinfo: { info_slave_kind: "bond" } }),
    link("eno2", { master: "bond0", linkinfo: { info_slave_kind: "bond" } }),
    link("bond0", { linkinfo: { info_kind: "bond", info_data: { mode: "802.3ad" } } }),
    link("bond0.7", {
      link: "bond0",
      linkinfo: { info_kind: "vlan", info_data: { protocol: "802.1Q", id: 7 } },
      addr_info: [address("192.0.2.7", 24)],
    }),
  ];
  const way = { dst: "192.0.2.99", dev: "bond0.7" };
  const { setup, blocked } = parseRunning(texts({ links, way }), NICS);
  assert.deepEqual(
    setup.links.map(({ name, kind }) => [name, kind.kind]),
    [
      ["eno1", "card"],
      ["eno2", "card"],
      ["bond0", "bond"],
      ["bond0.7", "vlan"],
    ],
  );
  assert.equal(blocked, null);
});

test("of a bridge the cables of guests are left out", () => {
  const links = [
    link("eno1", { master: "br0", linkinfo: { info_slave_kind: "bridge" } }),
    link("vnet0", { master: "br0", linkinfo: { info_kind: "tun", info_slave_kind: "bridge" } }),
    link("br0", {
      linkinfo: { info_kind: "bridge", info_data: { vlan_filtering: 0 } },
      addr_info: [address("192.0.2.7", 24)],
    }),
  ];
  const { setup } = parseRunning(texts({ links, way: { dst: "192.0.2.9", dev: "br0" } }), NICS);
  assert.deepEqual(setup.links.at(-1)?.kind, { kind: "bridge", ports: ["eno1"] });
});

test("what the live system cannot make is named, and blocks where it is the way", () => {
  const eno1 = link("eno1", { addr_info: [address("192.0.2.7", 24)] });
  const wg = link("wg0", {
    link_type: "none",
    linkinfo: { info_kind: "wireguard" },
    addr_info: [address("10.9.0.2", 24)],
  });
  const beside = parseRunning(texts({ links: [eno1, wg], routes: [DEFAULT], way: DEFAULT }), NICS);
  assert.deepEqual(beside.left, [{ name: "wg0", why: "wg0 is of the kind wireguard" }]);
  assert.equal(beside.blocked, null);
  const through = parseRunning(texts({ links: [eno1, wg], way: { dst: "10.9.0.1", dev: "wg0" } }), NICS);
  assert.match(through.blocked ?? "", /wireguard/);
});

test("a way through a route of its own, through a gateway outside, to this server, or to nowhere is blocked", () => {
  const links = [link("eno1", { addr_info: [address("192.0.2.7", 24)] })];
  const blocked = (way: object, routes: readonly object[] = [DEFAULT]): string | null =>
    parseRunning(texts({ links, routes, way }), NICS).blocked;
  assert.match(blocked({ dst: "198.51.100.1", gateway: "192.0.2.2", dev: "eno1" }) ?? "", /192\.0\.2\.2/);
  assert.match(blocked(DEFAULT, [{ ...DEFAULT, flags: ["onlink"] }]) ?? "", /onlink/);
  assert.match(blocked({ dst: "192.0.2.7", dev: "lo" }) ?? "", /itself/);
  assert.match(blocked({}) ?? "", /no way/);
  assert.match(blocked({ dst: "10.0.0.1", dev: "eno3" }) ?? "", /eno3/);
});

test("a resolver of this system itself is none for the next one", () => {
  assert.deepEqual(
    parseResolvConf("nameserver 127.0.0.53\nnameserver 2001:db8::53\nnameserver ;x\noptions edns0\n"),
    {
      dns: ["2001:db8::53"],
      search: [],
    },
  );
});
