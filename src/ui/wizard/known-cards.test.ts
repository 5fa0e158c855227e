// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../../lab/samples/report.ts";
import type { GuestInterface, GuestOS, LinkKind, NetworkLink, Nic } from "../../core/index.ts";
import { knownCards } from "./known-cards.ts";

const A = "24:6e:96:00:00:01";
const B = "24:6e:96:00:00:02";
const port = (name: string, mac: string, names: Required<Nic>["names"] = {}): Nic => ({
  name,
  mac,
  names,
  driver: "ixgbe",
  speedMbit: null,
  carrier: true,
  bus: null,
});
const link = (name: string, kind: LinkKind): NetworkLink => ({ name, kind, ip: { kind: "auto" }, mtu: null });
const card = (name: string, mac: string | null = null): NetworkLink => link(name, { kind: "card", mac });
const dhcp = (name: string, configured: GuestInterface["configured"] = { kind: "dhcp" }): GuestInterface => ({
  name,
  mac: null,
  from: "/x",
  configured,
});

function macs(
  links: readonly NetworkLink[],
  nics: readonly Nic[],
  network: readonly GuestInterface[] = links.map(({ name }) => dhcp(name)),
): readonly string[] {
  const guest: GuestOS = { ...(sampleReport().guest as GuestOS), network };
  const found = knownCards({ links, dns: [], search: [] }, { guest, nics });
  return (found?.links ?? []).map(({ name, kind }) =>
    kind.kind === "card"
      ? `${name} ${kind.mac ?? "?"}`
      : `${name} of ${kind.kind === "vlan" ? kind.on : kind.ports.join(" ")}`,
  );
}

test("ports by place, by address, and no port by its rank or its name here", () => {
  const nics = [port("ens4", A, { slot: "ens4", path: "enp3s0" }), port("ens5", B, { path: "enp4s0" })];
  assert.deepEqual(macs([card("enp4s0"), card("enp3s0")], nics), [`enp4s0 ${B}`, `enp3s0 ${A}`]);
  assert.deepEqual(macs([card("lan", B)], nics), [`lan ${B}`]);
  assert.deepEqual(macs([card("eth0"), card("eth1")], [port("eth0", A), port("eth1", B)]), [
    "eth0 ?",
    "eth1 ?",
  ]);
  assert.deepEqual(macs([card("eth0")], [port("ens4", A)]), [`eth0 ${A}`]);
  assert.deepEqual(macs([card("eth0", B)], [port("ens4", A)]), [`eth0 ${A}`], "an address that is set");
});

test("ports of a bond that its file names by slots", () => {
  const bond = link("bond0", { kind: "bond", mode: "active-backup", ports: ["bus-pci-0000:01:00.0"] });
  const network = [dhcp("eth0", { kind: "port", of: "bond0" })];
  assert.deepEqual(macs([bond], [port("ens4", A)], network), ["bond0 of eth0", `eth0 ${A}`]);
});
