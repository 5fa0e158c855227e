// SPDX-License-Identifier: Apache-2.0
// Which card had which name: by what is said of it, never by the order in which cards are found.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Nic } from "../machine.ts";
import type { Asked, ClaimedBy, InterfaceClaim, InterfaceNames } from "./interface-claims.ts";
import { learnInterfaceNames } from "./interface-names.ts";

const mac = (last: number): string => `52:54:00:00:00:0${last}`;

function card(last: number, { name, ...more }: Partial<Nic> = {}): Nic {
  return {
    name: name ?? `live${last}`,
    mac: mac(last),
    driver: "ixgbe",
    speedMbit: null,
    carrier: null,
    bus: `0000:0${last}:00.0`,
    ...more,
  };
}

const claim = (name: string, by: ClaimedBy): InterfaceClaim => ({ name, from: "/etc/x", by });
const at = (
  name: string,
  last: number,
  how: Extract<ClaimedBy, { kind: "address" }>["how"] = "names",
): InterfaceClaim => claim(name, { kind: "address", mac: mac(last), how });

const PLACES = { kind: "places", order: ["onboard", "slot", "path"] } as const;

type Case = Partial<Asked> & {
  readonly cards: readonly Nic[];
  /** `name: card, because`. */
  readonly known: Readonly<Record<string, string>>;
  readonly unclear?: readonly (readonly [readonly string[], readonly string[]])[];
  readonly missing?: readonly string[];
};

const CASES: Readonly<Record<string, Case>> = {
  "the live system took the slot, the guest takes the path": {
    wanted: ["enp3s0"],
    cards: [card(1, { name: "ens4", names: { slot: "ens4", path: "enp3s0" } }), card(2)],
    known: { enp3s0: "ens4: place" },
  },
  "a newer kernel says np0": {
    wanted: ["enp65s0f0", "enp65s0f1"],
    cards: [
      card(1, { names: { path: "enp65s0f0np0" } }),
      card(2, { names: { path: "enp65s0f1np1" } }),
      card(3),
    ],
    known: { enp65s0f0: "live1: place", enp65s0f1: "live2: place" },
  },
  "the guest's kernel was the newer one": {
    wanted: ["enp65s0f0np0"],
    cards: [card(1, { names: { path: "enp65s0f0" } }), card(2, { names: { path: "enp65s0f1" } })],
    known: { enp65s0f0np0: "live1: place" },
  },
  "two ports of one function lose np0 and np1: neither": {
    wanted: ["enp1s0"],
    cards: [card(1, { names: { path: "enp1s0np0" } }), card(2, { names: { path: "enp1s0np1" } })],
    known: {},
    unclear: [[["enp1s0"], ["live1", "live2"]]],
  },
  biosdevname: {
    wanted: ["em1", "p2p2"],
    cards: [
      card(1, { names: { onboard: "eno1", path: "enp3s0" } }),
      card(2, { names: { slot: "ens2f0" } }),
      card(3, { names: { slot: "ens2f1" } }),
    ],
    known: { em1: "live1: place", p2p2: "live3: place" },
  },
  "eth0 by its rule": {
    wanted: ["eth0"],
    claims: [at("eth0", 2), at("eth1", 1)],
    cards: [card(1), card(2)],
    known: { eth0: "live2: address", eth1: "live1: address" },
  },
  "eth0 and eth1, two cards, and nothing else: neither": {
    wanted: ["eth0", "eth1"],
    cards: [card(1), card(2)],
    known: {},
    unclear: [
      [
        ["eth0", "eth1"],
        ["live1", "live2"],
      ],
    ],
  },
  "one name, one card": { wanted: ["eth0"], cards: [card(1)], known: { eth0: "live1: only" } },
  "a kernel that counts calls the only card eth0, never eth1": {
    wanted: ["eth0", "eth1"],
    cards: [card(1)],
    known: { eth0: "live1: only" },
    missing: ["eth1"],
  },
  "of four cards one has a cable": {
    wanted: ["eth0"],
    cards: [1, 2, 3, 4].map((last) => card(last, { carrier: last === 3 })),
    known: { eth0: "live3: cable" },
  },
  "a cable that is not known of is none of evidence": {
    wanted: ["eth0"],
    cards: [card(1, { carrier: true }), card(2)],
    known: {},
    unclear: [[["eth0"], ["live1", "live2"]]],
  },
  "a rule for a card that was replaced": {
    wanted: ["eth0"],
    claims: [at("eth0", 9)],
    cards: [card(1)],
    known: {},
    missing: ["eth0"],
  },
  "HWADDR of a card that is not here, though the place is the same": {
    wanted: ["eno1"],
    claims: [at("eno1", 9, "finds")],
    cards: [card(1, { names: { onboard: "eno1" } })],
    known: {},
    missing: ["eno1"],
  },
  "an address that is set says nothing against a card": {
    wanted: ["eno1"],
    claims: [at("eno1", 9, "sets")],
    cards: [card(1, { names: { onboard: "eno1" } }), card(2)],
    known: { eno1: "live1: place" },
  },
  "two cards with one address are told apart by their places": {
    wanted: ["eth0", "enp4s0"],
    claims: [at("eth0", 1), at("enp4s0", 1)],
    cards: [
      card(1, { name: "a", names: { path: "enp3s0" } }),
      { ...card(2, { name: "b", names: { path: "enp4s0" } }), mac: mac(1) },
    ],
    known: { enp4s0: "b: place", eth0: "a: only" },
  },
  "a leftover of another name for one address: the place decides": {
    wanted: ["eth0", "enp3s0"],
    claims: [at("eth0", 1, "finds"), at("enp3s0", 1, "finds")],
    cards: [card(1, { names: { path: "enp3s0" } }), card(2)],
    known: { enp3s0: "live1: place" },
    missing: ["eth0"],
  },
  "of two names for one address the configured one": {
    wanted: ["eth0"],
    claims: [at("eth0", 1, "finds"), at("eth1", 1)],
    cards: [card(1)],
    known: { eth0: "live1: address" },
  },
  "two names by place for one card: as the guest's udev prefers": {
    wanted: ["eno1", "enp3s0"],
    naming: PLACES,
    cards: [card(1, { names: { onboard: "eno1", path: "enp3s0" } })],
    known: { eno1: "live1: place" },
    missing: ["enp3s0"],
  },
  "a name that is an address": {
    wanted: ["enx525400000002"],
    cards: [card(1), card(2)],
    known: { enx525400000002: "live2: address" },
  },
  "by slot": {
    wanted: ["lan0"],
    claims: [claim("lan0", { kind: "slot", bus: "0000:02:00.0" })],
    cards: [card(1), card(2)],
    known: { lan0: "live2: slot" },
  },
  "functions lent to VMs are no cards of eth0": {
    wanted: ["eth0"],
    cards: [card(1), card(2, { aside: true })],
    known: { eth0: "live1: only" },
  },
  "somebody said it": {
    wanted: ["eth0", "eth1"],
    given: new Map([["eth1", mac(1)]]),
    cards: [card(1), card(2)],
    known: { eth1: "live1: given", eth0: "live2: only" },
  },
  "a bond's address was logged of both its cards": {
    wanted: ["eno1", "eno2"],
    claims: [at("eno1", 1, "seen"), at("eno2", 1, "seen")],
    cards: [card(1, { names: { onboard: "eno1" } }), card(2, { names: { onboard: "eno2" } })],
    known: { eno1: "live1: place" },
    missing: ["eno2"],
  },
  "eth0 of a template where udev makes names of places: nobody can tell": {
    wanted: ["eth0"],
    naming: PLACES,
    cards: [card(1, { names: { path: "enp3s0" } })],
    known: {},
    unclear: [[["eth0"], ["live1"]]],
  },
  "udev makes no name of this card": {
    wanted: ["eth0"],
    naming: PLACES,
    cards: [card(1, { names: { mac: "enx525400000001" } })],
    known: { eth0: "live1: only" },
  },
  "where the kernel counts a name by place is a leftover": {
    wanted: ["eth0", "enp3s0"],
    cards: [card(1, { names: { path: "enp3s0" } })],
    known: { eth0: "live1: only" },
    missing: ["enp3s0"],
  },
  "ports of one bond are alike": {
    wanted: ["eth0", "eth1"],
    alike: [["eth0", "eth1"]],
    cards: [card(2), card(1)],
    known: { eth0: "live1: alike", eth1: "live2: alike" },
  },
  "ports of one bond, and a card more: nobody can tell": {
    wanted: ["eth0", "eth1"],
    alike: [["eth0", "eth1"]],
    cards: [card(1), card(2), card(3)],
    known: {},
    unclear: [
      [
        ["eth0", "eth1"],
        ["live1", "live2", "live3"],
      ],
    ],
  },
  "the running system's own names": {
    wanted: ["eth1"],
    own: true,
    cards: [card(1, { name: "eth0" }), card(2, { name: "eth1" })],
    known: { eth0: "eth0: own", eth1: "eth1: own" },
  },
};

function learn({
  cards,
  wanted = [],
  claims = [],
  naming = { kind: "kernel" },
  given = new Map(),
  own = false,
  alike = [],
}: Case): Pick<Case, "known" | "unclear" | "missing"> {
  const names: InterfaceNames = learnInterfaceNames({ wanted, claims, naming, given, own, alike }, cards);
  return {
    known: Object.fromEntries(names.known.map((one) => [one.name, `${one.card}: ${one.because}`])),
    unclear: names.unclear.map((one) => [one.names, one.cards]),
    missing: names.missing,
  };
}

for (const [title, { known, unclear = [], missing = [], ...asked }] of Object.entries(CASES))
  test(title, () => assert.deepEqual(learn({ ...asked, known }), { known, unclear, missing }));

test("the order of cards, names and files changes nothing", () => {
  for (const [title, one] of Object.entries(CASES)) {
    const wanted = learn(one);
    const { cards, claims = [], wanted: names = [] } = one;
    const shuffled = fc.record({
      cards: fc.shuffledSubarray([...cards], { minLength: cards.length }),
      claims: fc.shuffledSubarray([...claims], { minLength: claims.length }),
      wanted: fc.shuffledSubarray([...names], { minLength: names.length }),
    });
    fc.assert(
      fc.property(shuffled, (other) => assert.deepEqual(learn({ ...one, ...other }), wanted, title)),
      { numRuns: 20 },
    );
  }
});
