// SPDX-License-Identifier: Apache-2.0
// What stands above the cards: which address comes up on what, and what has nothing to stand on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bootable, debian, judge, MAC } from "../../../tests/support/guests/bootable.ts";

const RULES = "/etc/udev/rules.d/70-p2v-net.rules";

async function said(
  interfaces: string,
  spoil: (system: Bootable) => void = () => {},
): Promise<readonly string[]> {
  const system = debian();
  system.files["/etc/network/interfaces"] = interfaces;
  spoil(system);
  return (await judge(system)).links
    .filter(({ place }) => place === "network")
    .map(({ verdict, text, why }) => `${verdict}: ${String(text)}: ${String(why)}`);
}

const line = (lines: readonly string[], name: string): string =>
  lines.find((one) => new RegExp(`^\\w+: ${name}: `).test(one)) ?? "";

const bond = (ports: string): string =>
  `auto bond0\niface bond0 inet static\n  address 192.0.2.7/24\n  gateway 192.0.2.1\n  bond-slaves ${ports}\n  bond-mode active-backup\n`;
const vlan = (on: string): string =>
  `auto ${on}.20\niface ${on}.20 inet static\n  address 198.51.100.7/24\n  vlan-raw-device ${on}\n`;

test("the addresses of a bond, a VLAN on it and a bridge are told, with what they stand on", async () => {
  const lines = await said(bond("eno1") + vlan("bond0"));
  assert.match(line(lines, "eno1"), /^proven: eno1: part of bond0/);
  assert.match(
    line(lines, "bond0"),
    new RegExp(`^proven: bond0: 192\\.0\\.2\\.7/24 by 192\\.0\\.2\\.1, a bond of eno1: .*${MAC}`),
  );
  assert.match(line(lines, "bond0\\.20"), /^proven: bond0\.20: 198\.51\.100\.7\/24, VLAN 20 on bond0: /);
  const bridge = "auto br0\niface br0 inet dhcp\n  bridge-ports eno1\n";
  assert.match(line(await said(bridge), "br0"), /^proven: br0: DHCP, a bridge of eno1: /);
});

test("a bond without any of its ports is broken, and what stands on it; with one of two it is assumed", async () => {
  const none = await said(bond("eno7 eno8") + vlan("bond0"));
  assert.match(line(none, "bond0"), /^broken: .*none of its ports is there: .*eno7; .*eno8/);
  assert.match(line(none, "bond0\\.20"), /^broken: /);
  assert.match(line(await said(bond("eno1 eno8")), "bond0"), /^assumed: .*eno8/);
});

test("a VLAN whose lower link is missing is broken", async () => {
  for (const on of ["eno7", "bond0"])
    assert.match(
      line(await said(vlan(on)), `${on}\\.20`),
      new RegExp(`^broken: .*VLAN 20 on ${on}: .*${on}`),
    );
  assert.match(line(await said(vlan("eno1")), "eno1\\.20"), /^proven: /);
});

test("a card that is not tied to its name, or that does not come up, is no proof", async () => {
  const untied = await said(bond("eno1"), (system) => {
    delete system.files[RULES];
  });
  assert.match(line(untied, "bond0"), /^assumed: /);
  const dead = await said(bond("eno1"), (system) => {
    system.files["/etc/systemd/system/networking.service"] = { link: "/dev/null" };
  });
  assert.match(line(dead, "bond0"), /^broken: .*eno1 does not come up/);
  const taps = await said("auto br0\niface br0 inet dhcp\n  bridge-ports tap0\n");
  assert.match(line(taps, "br0"), /^assumed: .*tap0/);
});

test("of many links those that break are told, and how many more there are", async () => {
  const many = Array.from({ length: 40 }, (_, index) => {
    const name = `eno1.${index + 2}`;
    return `auto ${name}\niface ${name} inet static\n  address 10.0.${index}.7/24\n`;
  });
  const lines = await said(many.join("") + vlan("eno7"));
  assert.equal(lines.length, 8);
  assert.match(line(lines, "eno7\\.20"), /^broken: /);
  assert.match(lines.at(-1) ?? "", /^assumed: \d\d more links of the network: .*none is broken/);
});

test("bonds that stand on each other end", async () => {
  const loop = (one: string, other: string): string =>
    `auto ${one}\niface ${one} inet dhcp\n  bond-slaves ${other}\n`;
  assert.match(line(await said(loop("bond0", "bond1") + loop("bond1", "bond0")), "bond0"), /^assumed: /);
});
