// SPDX-License-Identifier: Apache-2.0
// Which card of the machine the guest knows by which name, learned from what the guest's files say and what udev knows of the
// cards. The order of cards is no evidence, and the name that another system gave a card only where it follows from its place.
// Wizard, plan and conversion share it. Pure.
import type { Nic } from "../machine.ts";
import { otherNames, placeNames, withoutPort } from "./card-names.ts";
import {
  type Asked,
  type ClaimedBy,
  type InterfaceClaim,
  type InterfaceNames,
  macOfName,
} from "./interface-claims.ts";
import { LearnedInterfaces } from "./learned-interfaces.ts";

/** Far above any server. */
const MAX_CARDS = 512;

export function learnInterfaceNames(asked: Asked, all: readonly Nic[]): InterfaceNames {
  const cards = all.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_CARDS);
  const learned = new LearnedInterfaces(asked, cards);
  const by = (fits: (by: ClaimedBy, card: Nic) => boolean) => (name: string) =>
    cards.filter((card) => learned.claimsOf(name).some((claim) => fits(claim, card)));
  const hasAddress =
    (...ways: readonly string[]) =>
    (claim: ClaimedBy, card: Nic) =>
      claim.kind === "address" && ways.includes(claim.how) && claim.mac === card.mac;
  learned.rung("given", (name) => cards.filter(({ mac }) => asked.given.get(name) === mac));
  if (asked.own) learned.rung("own", (name) => cards.filter((card) => card.name === name));
  learned.rung("address", by(hasAddress("names", "finds")));
  learned.rung(
    "slot",
    by((claim, card) => claim.kind === "slot" && (claim.bus === card.bus || placeNames(card).has(claim.bus))),
  );
  learned.rung("address", by(hasAddress("seen")));
  learned.rung("place", (name) => cards.filter((card) => placeNames(card).has(name)));
  learned.rung("place", (name) => {
    const bare = withoutPort(name);
    return cards.filter(
      (card) => otherNames(card).has(bare) || (bare !== name && placeNames(card).has(bare)),
    );
  });
  learned.rung("address", by(hasAddress("sets")));
  learned.takeLeft();
  return learned.names();
}

/** The address that a card needs for its name to be right, where the machine is not there; null: none is said. */
export function addressOf(name: string, claims: readonly InterfaceClaim[]): string | null {
  const said = claims.flatMap((claim) => (claim.name === name ? [claim.by] : []));
  const inName = macOfName(name);
  if (inName !== null) return inName;
  for (const way of ["finds", "names", "sets", "seen"] as const)
    for (const by of said) if (by.kind === "address" && by.how === way) return by.mac;
  return null;
}
