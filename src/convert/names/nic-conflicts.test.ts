// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntendedNic } from "../../core/index.ts";
import { conflictingLink, withoutConflicts } from "./nic-conflicts.ts";
import { renderRules } from "./nic-pins.ts";

test("problem 4: in whatever order names and cards were, no old pin contradicts the new ones", () => {
  const macs = ["52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03"];
  const names = ["eth0", "eth1", "lan0"];
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const make = (order: readonly number[]): IntendedNic[] =>
    order.map((at, index) => ({ name: names[at] ?? "", mac: macs[index] ?? "", origin: "guest" }));
  for (const before of orders)
    for (const after of orders) {
      const wanted = make(after);
      const kept = withoutConflicts(renderRules(make(before)), wanted);
      const pins = new Map<string, string>();
      for (const [, mac = "", name = ""] of `${kept}${renderRules(wanted)}`.matchAll(
        /^SUBSYSTEM.*address\}=="([^"]+)".*NAME="([^"]+)"$/gm,
      )) {
        assert.equal(pins.get(mac) ?? name, name, "two names for one card");
        pins.set(mac, name);
      }
      assert.deepEqual([...pins.values()].toSorted(), names, "one name for two cards, or none");
      for (const old of make(before)) {
        const link = `[Match]\nMACAddress=${old.mac}\n[Link]\nName=${old.name}\n`;
        const name = wanted.find(({ mac }) => mac === old.mac)?.name ?? "";
        assert.match(conflictingLink(link, wanted), new RegExp(`^Name=${name}$`, "m"));
      }
    }
});
