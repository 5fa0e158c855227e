// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../../lab/samples/report.ts";
import type { GuestInterface, GuestOS, Nic } from "../../core/index.ts";
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
      ["enp4s0", "00:16:3e:01:02:04"],
      ["eth0", "00:16:3e:01:02:03"],
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

test("what the live system calls a card is no name for it: its place is, and what cannot be told is reported", () => {
  const machineNics = [
    { ...card("ens4", "52:54:00:00:00:01"), names: { slot: "ens4", path: "enp3s0" }, bus: "0000:03:00.0" },
    { ...card("ens5", "52:54:00:00:00:02"), names: { slot: "ens5", path: "enp4s0" } },
  ];
  const { nics, problems } = chooseNics({
    machineNics,
    guest: guestWith([dhcp("enp3s0")]),
    given: new Map(),
    seed: "",
  });
  assert.deepEqual(
    nics.map(({ name, because, aliases }) => [name, because, aliases]),
    [
      ["enp3s0", "place", ["ens4", "0000:03:00.0"]],
      ["ens5", undefined, ["enp4s0"]],
    ],
  );
  assert.deepEqual(
    problems.map(({ code, about }) => [code, about]),
    [["nic-unused", [{ kind: "nic", name: "ens5", mac: "52:54:00:00:00:02" }]]],
  );
});

test("two names, two cards and nothing else: neither is pinned to a name of the guest, until somebody says which is which", () => {
  const machineNics = [card("eth0", "52:54:00:00:00:01"), card("eth1", "52:54:00:00:00:02")];
  const guest = guestWith([dhcp("eth0"), dhcp("eth1")]);
  const plan = (given: ReadonlyMap<string, string>) => {
    const { nics, problems } = chooseNics({ machineNics, guest, given, seed: "" });
    return [nics.map(({ name }) => name), problems.map(({ code }) => code)];
  };
  assert.deepEqual(plan(new Map()), [["enx525400000001", "enx525400000002"], ["nic-unclear"]]);
  assert.deepEqual(plan(new Map([["eth1", "52:54:00:00:00:01"]])), [["eth0", "eth1"], []]);
});

test("a profile for any card finds its card by the card's own name, or by one that fits", () => {
  const any = { ...dhcp("enp1s0"), anyOf: ["en*"] };
  const names = { path: "enp3s0" };
  const machineNics = [{ ...card("ens4", "52:54:00:00:00:01"), names }];
  const planned = (given: GuestInterface) =>
    chooseNics({ machineNics, guest: guestWith([given]), given: new Map(), seed: "" });
  assert.deepEqual(
    planned(any).nics.map(({ name }) => name),
    ["ens4"],
  );
  assert.deepEqual(planned(any).problems, []);
  assert.deepEqual(
    planned({ ...dhcp("eth0"), anyOf: ["eth*"] }).nics.map(({ name }) => name),
    ["eth0"],
  );
});
