// SPDX-License-Identifier: Apache-2.0
// Which card of the machine the guest knows by which name, learned from what the guest's files say and what udev knows of the
// cards. The order of cards is no evidence, and the name that another system gave a card only where it follows from its place.
// Wizard, plan and conversion share it. Pure.
import type { Nic } from "../machine.ts";
import { otherNames, placeNames, withoutPort } from "./card-names.ts";
import {
  CARD_PLACES,
  type ClaimedBy,
  type InterfaceClaim,
  type InterfaceEvidence,
  macOfName,
} from "./interface-claims.ts";
import { isInterfaceName } from "./safe-names.ts";

/** Why a card is taken for the one of that name. */
export type InterfaceReason =
  /** Somebody said so. */
  | "given"
  /** The guest itself runs there, and calls it so. */
  | "own"
  /** The guest's files know it by its address. */
  | "address"
  /** They know it by its slot. */
  | "slot"
  /** The name follows from where it sits, as the guest's udev makes it; or as another release or program does. */
  | "place"
  /** Of the configured names and the cards these two are left. */
  | "only"
  /** Of the cards that are left it alone has a cable. */
  | "cable";

/** `card`: its name in the system that looked, which no other card has. */
export type NamedCard = { readonly name: string; readonly card: string; readonly because: InterfaceReason };

export type InterfaceNames = {
  readonly known: readonly NamedCard[];
  /** Names and cards of which it cannot be told which is which. */
  readonly unclear: readonly { readonly names: readonly string[]; readonly cards: readonly string[] }[];
  /** Configured names that no card carries. */
  readonly missing: readonly string[];
};

export type Asked = InterfaceEvidence & {
  /** Names that something configures for use at boot. */
  readonly wanted: readonly string[];
  /** Names that stand in the guest's files without being used. */
  readonly mentioned?: readonly string[];
  /** By whom runs the program: name to address. */
  readonly given: ReadonlyMap<string, string>;
  /** Are the cards' names those of the guest itself (a survey)? */
  readonly own: boolean;
};

const MAX_NAMES = 512;
const MAX_CLAIMS = 5000;

export function learnInterfaceNames(asked: Asked, cards: readonly Nic[]): InterfaceNames {
  const learned = new Learned(asked, cards);
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
  learned.rung("place", (name) =>
    cards.filter(
      (card) =>
        otherNames(card).has(name) ||
        otherNames(card).has(withoutPort(name)) ||
        placeNames(card).has(withoutPort(name)),
    ),
  );
  learned.rung("address", by(hasAddress("sets")));
  learned.takeLeft();
  return learned.names();
}

/** What is known so far. */
class Learned {
  readonly #asked: Asked;
  readonly #cards: readonly Nic[];
  readonly #names: readonly string[];
  readonly #wanted: ReadonlySet<string>;
  readonly #claims = new Map<string, ClaimedBy[]>();
  readonly #known = new Map<string, NamedCard>();
  /** Cards that a name may still mean. */
  readonly #candidates = new Map<string, ReadonlySet<Nic>>();
  /** Names of which something speaks for a card. */
  readonly #supported = new Set<string>();

  constructor(asked: Asked, cards: readonly Nic[]) {
    this.#asked = asked;
    this.#cards = cards;
    const claims = asked.claims.slice(0, MAX_CLAIMS);
    const all = new Set([...asked.wanted, ...asked.given.keys(), ...claims.map(({ name }) => name)]);
    for (const name of asked.mentioned ?? []) all.add(name);
    if (asked.own) for (const { name } of cards) all.add(name);
    this.#names = [...all].filter(isInterfaceName).toSorted().slice(0, MAX_NAMES);
    this.#wanted = new Set(asked.wanted);
    for (const name of this.#names) this.#claims.set(name, claimsByName(name));
    for (const { name, by } of claims) this.#claims.get(name)?.push(by);
    const counted = cards.length;
    for (const name of this.#names) {
      const isNone = this.#isElsewhere(name, ["finds"]) || this.#isBeyond(name, counted);
      this.#candidates.set(name, new Set(isNone ? [] : cards));
    }
  }

  claimsOf(name: string): readonly ClaimedBy[] {
    return this.#claims.get(name) ?? [];
  }

  /**
   * Each name for which something speaks means one of these cards only. Where of a card's names one alone is left, it is it:
   * the one that this evidence speaks for, else the one that is configured, else the one that the guest's udev prefers.
   */
  rung(because: InterfaceReason, findCards: (name: string) => readonly Nic[]): void {
    const before = new Set(this.#supported);
    const supported = new Set<string>();
    for (const name of this.#open()) {
      const cards = findCards(name).filter((card) => this.#candidates.get(name)?.has(card));
      if (cards.length === 0) continue;
      this.#candidates.set(name, new Set(cards));
      this.#supported.add(name);
      supported.add(name);
    }
    while (this.#takeRound(because, supported, before));
  }

  /** All cards are judged by the same state: their order changes nothing. false: nothing was taken. */
  #takeRound(because: InterfaceReason, supported: ReadonlySet<string>, before: ReadonlySet<string>): boolean {
    const taken = this.#cards.flatMap((card) => {
      const all = this.#open().filter(
        (name) =>
          this.#supported.has(name) &&
          this.#candidates.get(name)?.size === 1 &&
          this.#candidates.get(name)?.has(card),
      );
      // What better evidence left open between some names is between these alone.
      const better = all.filter((one) => before.has(one));
      const names = better.length > 0 ? better : all;
      const name =
        only(names) ??
        only(names.filter((one) => supported.has(one))) ??
        only(names.filter((one) => this.#wanted.has(one))) ??
        this.#preferred(names, card);
      return name === undefined || !supported.has(name) ? [] : [{ name, card }];
    });
    for (const { name, card } of taken) this.#take(name, card, because);
    return taken.length > 0;
  }

  /** By the guest's own order of places, where it makes names of them. */
  #preferred(names: readonly string[], card: Nic): string | undefined {
    const { naming } = this.#asked;
    const places = placeNames(card);
    if (naming.kind !== "places" || !names.every((name) => places.has(name))) return undefined;
    const order = [...naming.order, ...CARD_PLACES];
    const rank = (name: string): number => order.indexOf(places.get(name) ?? "mac");
    return names.toSorted((a, b) => rank(a) - rank(b))[0];
  }

  #take(name: string, card: Nic, because: InterfaceReason): void {
    this.#known.set(name, { name, card: card.name, because });
    for (const other of this.#names) {
      if (other === name) continue;
      const left = [...(this.#candidates.get(other) ?? [])].filter((one) => one !== card);
      this.#candidates.set(other, new Set(left));
    }
  }

  /** What is configured against what is there, one to one. */
  takeLeft(): void {
    for (;;) {
      const open = this.#openWanted();
      const pairs = open.flatMap(({ name, cards }) => {
        const [card, ...more] = cards;
        const rivals = open.filter(
          (other) => other.name !== name && card !== undefined && other.cards.includes(card),
        );
        return card === undefined || more.length > 0 || rivals.length > 0 ? [] : [{ name, card }];
      });
      if (pairs.length === 0) break;
      for (const { name, card } of pairs) this.#take(name, card, "only");
    }
    const [last, ...others] = this.#openWanted();
    if (last === undefined || others.length > 0) return;
    const linked = only(last.cards.filter(({ carrier }) => carrier === true));
    if (linked !== undefined && last.cards.every((card) => card === linked || card.carrier === false))
      this.#take(last.name, linked, "cable");
  }

  names(): InterfaceNames {
    const open = this.#openWanted();
    return {
      known: [...this.#known.values()],
      unclear: groups(open).map(({ names, cards }) => ({
        names: names.toSorted(),
        cards: [...cards].map(({ name }) => name).toSorted(),
      })),
      missing: this.#open().filter(
        (name) => this.#wanted.has(name) && !open.some((one) => one.name === name),
      ),
    };
  }

  #open(): readonly string[] {
    return this.#names.filter((name) => !this.#known.has(name));
  }

  /** Configured names that may still mean a card of the machine's own network. */
  #openWanted(): readonly { readonly name: string; readonly cards: readonly Nic[] }[] {
    return this.#open().flatMap((name) => {
      if (!this.#wanted.has(name) || this.#isElsewhere(name, ["names"])) return [];
      const cards = [...(this.#candidates.get(name) ?? [])].filter(({ aside }) => aside !== true);
      return cards.length === 0 ? [] : [{ name, cards }];
    });
  }

  /** Is it said of addresses that no card here has, and of none that one has? */
  #isElsewhere(name: string, ways: readonly string[]): boolean {
    const macs = this.claimsOf(name).flatMap((by) =>
      by.kind === "address" && (by.how === "finds" || by.how === "names") ? [by] : [],
    );
    return (
      macs.some(({ how }) => ways.includes(how)) &&
      !this.#cards.some(({ mac }) => macs.some((one) => one.mac === mac))
    );
  }

  /** A kernel that counts calls two cards eth0 and eth1: no rule of udev that knows addresses, no eth2. */
  #isBeyond(name: string, cards: number): boolean {
    const [, number] = /^eth(\d{1,3})$/.exec(name) ?? [];
    if (this.#asked.naming.kind !== "kernel" || number === undefined || Number(number) < cards) return false;
    return ![...this.#claims.values()].flat().some((by) => by.kind === "slot" || by.how === "names");
  }
}

function claimsByName(name: string): ClaimedBy[] {
  const mac = macOfName(name);
  return mac === null ? [] : [{ kind: "address", mac, how: "names" }];
}

const only = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined);

/** Names that share cards, with all their cards. */
function groups(
  open: readonly { readonly name: string; readonly cards: readonly Nic[] }[],
): readonly { readonly names: readonly string[]; readonly cards: ReadonlySet<Nic> }[] {
  let all: { names: string[]; cards: Set<Nic> }[] = [];
  for (const { name, cards } of open) {
    const same = all.filter((one) => cards.some((card) => one.cards.has(card)));
    const joined = {
      names: [name, ...same.flatMap((one) => one.names)],
      cards: new Set([...cards, ...same.flatMap((one) => [...one.cards])]),
    };
    all = [...all.filter((one) => !same.includes(one)), joined];
  }
  return all;
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
