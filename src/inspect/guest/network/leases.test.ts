// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterfaceConfig } from "../../../core/index.ts";
import { memoryView } from "../../../system/index.ts";
import { readGuestInterfaces } from "./index.ts";
import { leases, parseLeases } from "./leases.ts";

const A = "00:11:22:33:44:aa";
const DHCP: InterfaceConfig = { kind: "dhcp" };
const NONE: InterfaceConfig = { kind: "none" };

async function briefs(
  files: Readonly<Record<string, string>>,
): Promise<readonly (readonly [string, string | null, InterfaceConfig])[]> {
  const found = (await readGuestInterfaces(memoryView(files))).interfaces;
  return found.map(({ name, mac, configured }) => [name, mac, configured]);
}

test("leases name a card only where nothing else does", async () => {
  const lease = 'lease {\n  interface "eth3";\n  fixed-address 192.0.2.7;\n}\n';
  const files = { "/var/lib/dhcp/dhclient.leases": lease };
  assert.deepEqual(await briefs(files), [["eth3", null, NONE]]);
  const configured = { ...files, "/etc/network/interfaces": "auto enp3s0\niface enp3s0 inet dhcp\n" };
  assert.deepEqual(await briefs(configured), [["enp3s0", null, DHCP]]);
});

test("lease files keep history: of an interface the newest lease, and of an address the newer claim", async () => {
  const lease = (name: string, address: string, day: string, id = ""): string =>
    `lease {\n  interface "${name}";\n  fixed-address ${address};\n  ${id}renew 2 2024/01/${day} 10:00:00;\n  expire 2 2024/01/${day} 12:00:00;\n}\n`;
  const identifier = "option dhcp-client-identifier 1:0:11:22:33:44:aa;\n  ";
  const files = {
    "/var/lib/dhcp/dhclient.leases":
      lease("eth0", "192.0.2.7", "02") +
      lease("enp3s0", "192.0.2.9", "03") +
      lease("enp3s0", "192.0.2.7", "09", identifier),
    "/var/lib/dhcp/dhclient.eth1.leases": lease("eth1", "192.0.2.8", "01"),
  };
  const { sightings } = await leases.read(memoryView(files));
  const byName = sightings.toSorted((a, b) => (`${a.name}` < `${b.name}` ? -1 : 1));
  assert.deepEqual(
    byName.map(({ name, leased, mac }) => [name, leased, mac]),
    [
      ["enp3s0", ["192.0.2.7"], A],
      ["eth1", ["192.0.2.8"], null],
    ],
  );
  assert.deepEqual(await briefs(files), [
    ["eth1", null, NONE],
    ["enp3s0", A, NONE],
  ]);
});

test("the address in a lease's client identifier, as NetworkManager and wicked write it", () => {
  const uuid = "11111111-aaaa-4bbb-8ccc-000000000001";
  const nm = parseLeases("ADDRESS=192.0.2.7\nCLIENTID=010011223344aa\n", `internal-${uuid}-eth0.lease`);
  assert.deepEqual(nm, [{ name: "eth0", addresses: ["192.0.2.7"], at: null, mac: A }]);
  const wicked =
    "<lease>\n  <address>192.0.2.7</address>\n  <client-id>01:00:11:22:33:44:aa</client-id>\n</lease>\n";
  assert.deepEqual(parseLeases(wicked, "lease-eth0-dhcp-ipv4.xml"), [
    { name: "eth0", addresses: ["192.0.2.7"], at: null, mac: A },
  ]);
  const duid = parseLeases(
    "ADDRESS=192.0.2.7\nCLIENTID=ff01112233000100012222\n",
    `internal-${uuid}-eth0.lease`,
  );
  assert.equal(duid[0]?.mac, null);
});
