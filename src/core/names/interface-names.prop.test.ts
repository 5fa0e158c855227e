// SPDX-License-Identifier: Apache-2.0
// Laws of which card had which name.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Nic } from "../machine.ts";
import type { ClaimedBy, InterfaceClaim, InterfaceNaming } from "./interface-claims.ts";
import { learnInterfaceNames } from "./interface-names.ts";

const mac = (last: number): string => `52:54:00:00:00:0${last}`;

const card = (last: number, more: Partial<Nic>): Nic => ({
  name: "",
  mac: mac(last),
  driver: "ixgbe",
  speedMbit: null,
  carrier: null,
  bus: `0000:0${last}:00.0`,
  ...more,
});

const PLACES = { kind: "places", order: ["onboard", "slot", "path"] } as const;

type One = {
  readonly cards: readonly Nic[];
  readonly claims: readonly InterfaceClaim[];
  readonly wanted: readonly string[];
  readonly naming: InterfaceNaming;
};

function learn({ cards, ...asked }: One): {
  readonly known: Readonly<Record<string, string>>;
  readonly unclear: readonly (readonly [readonly string[], readonly string[]])[];
  readonly missing: readonly string[];
} {
  const alike = [["eth0", "eth1"]];
  const { known, unclear, missing } = learnInterfaceNames(
    { ...asked, alike, given: new Map(), own: false },
    cards,
  );
  return {
    known: Object.fromEntries(known.map((one) => [one.name, `${one.card}: ${one.because}`])),
    unclear: unclear.map((one) => [one.names, one.cards]),
    missing,
  };
}

test("whatever is claimed, one name has one card and one card one name, in any order", () => {
  const names = ["eth0", "eth1", "eno1", "enp3s0", "enp3s0np0", "em1", "lan0"];
  const digit = fc.integer({ min: 1, max: 4 });
  const by: fc.Arbitrary<ClaimedBy> = fc.oneof(
    fc.record({
      kind: fc.constant("address" as const),
      mac: digit.map(mac),
      how: fc.constantFrom("names", "finds", "seen", "sets"),
    }),
    fc.record({ kind: fc.constant("slot" as const), bus: digit.map((one) => `0000:0${one}:00.0`) }),
  );
  const claims = fc.array(fc.record({ name: fc.constantFrom(...names), from: fc.constant("/x"), by }), {
    maxLength: 6,
  });
  const cards = fc
    .array(
      fc.record({
        last: digit,
        carrier: fc.constantFrom(true, false, null),
        names: fc.constantFrom<Required<Nic>["names"]>(
          {},
          { onboard: "eno1", path: "enp3s0" },
          { path: "enp3s0np0" },
          { path: "enp3s0" },
        ),
      }),
      { maxLength: 4 },
    )
    .map((all) =>
      all.map(({ last, ...more }, index) => ({ ...card(last, { name: `live${index}` }), ...more })),
    );
  const asked = fc.record({
    cards,
    claims,
    wanted: fc.uniqueArray(fc.constantFrom(...names)),
    naming: fc.constantFrom(PLACES, { kind: "kernel" } as const),
  });
  fc.assert(
    fc.property(asked, (one) => {
      const found = learn(one);
      const taken = Object.values(found.known).map((text) => text.split(":")[0]);
      assert.equal(new Set(taken).size, taken.length);
      const said = [...Object.keys(found.known), ...found.missing, ...found.unclear.flatMap(([all]) => all)];
      for (const name of one.wanted) assert.equal(said.filter((other) => other === name).length, 1, name);
      const turned = { ...one, cards: one.cards.toReversed(), claims: one.claims.toReversed() };
      const sorted = (all: typeof found) => ({
        ...all,
        unclear: all.unclear.map((pair) => JSON.stringify(pair)).toSorted(),
      });
      assert.deepEqual(sorted(learn(turned)), sorted(found));
    }),
    { numRuns: 500 },
  );
});
