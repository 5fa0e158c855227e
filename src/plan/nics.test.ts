// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../lab/samples/report.ts";
import type { GuestInterface, GuestOS, Nic } from "../core/index.ts";
import { chooseNics, generateMac } from "./nics.ts";

function guestWith(network: readonly GuestInterface[]): GuestOS {
  const { guest } = sampleReport();
  assert.ok(guest !== null);
  return { ...guest, network };
}

const dhcp = (name: string, mac: string | null = null): GuestInterface => ({
  name,
  mac,
  from: "/etc/x",
  configured: { kind: "dhcp" },
});
const card = (name: string, mac: string): Nic => ({
  name,
  mac,
  driver: "e1000e",
  speedMbit: 1000,
  carrier: true,
  bus: null,
});

test("a disk image: one NIC per interface of the guest, with the MAC its files give, else a generated one", () => {
  const guest = guestWith([dhcp("enp3s0"), dhcp("eth1", "00:16:3e:01:02:03")]);
  const { nics } = chooseNics({ machineNics: [], guest, given: new Map(), seed: "aurora" });
  assert.deepEqual(nics, [
    { name: "enp3s0", mac: generateMac("aurora/enp3s0"), origin: "generated" },
    { name: "eth1", mac: "00:16:3e:01:02:03", origin: "guest" },
  ]);
});

test("a machine: its own NICs, under the names that the guest knows them by", () => {
  const guest = guestWith([dhcp("eth0", "00:16:3e:01:02:03")]);
  const machineNics = [card("enp3s0", "00:16:3e:01:02:03"), card("enp4s0", "00:16:3e:01:02:04")];
  const { nics } = chooseNics({ machineNics, guest, given: new Map(), seed: "" });
  assert.deepEqual(
    nics.map(({ name, mac }) => [name, mac]),
    [
      ["eth0", "00:16:3e:01:02:03"],
      ["enp4s0", "00:16:3e:01:02:04"],
    ],
  );
});

test("--nic overrides, and adds what nothing named", () => {
  const given = new Map([
    ["enp3s0", "52:54:00:00:00:01"],
    ["extra0", "52:54:00:00:00:02"],
  ]);
  const { nics } = chooseNics({ machineNics: [], guest: guestWith([dhcp("enp3s0")]), given, seed: "" });
  assert.deepEqual(
    nics.map(({ name, mac, origin }) => [name, mac, origin]),
    [
      ["enp3s0", "52:54:00:00:00:01", "given"],
      ["extra0", "52:54:00:00:00:02", "given"],
    ],
  );
});

test("two NICs with one address stop the run", () => {
  const given = new Map([["eth1", "00:16:3e:01:02:03"]]);
  const { problems } = chooseNics({
    machineNics: [],
    guest: guestWith([dhcp("eth0", "00:16:3e:01:02:03")]),
    given,
    seed: "",
  });
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [["nic-twice", "stops"]],
  );
});

test("generated addresses are QEMU's, the same each time, and different for each interface", () => {
  assert.match(generateMac("a/eth0"), /^52:54:00(:[0-9a-f]{2}){3}$/);
  assert.equal(generateMac("a/eth0"), generateMac("a/eth0"));
  assert.notEqual(generateMac("a/eth0"), generateMac("a/eth1"));
});
