// SPDX-License-Identifier: Apache-2.0
// What is known of interfaces while evidence is looked at, the best first. Pure.
import type { Nic } from "../machine.ts";
import { placeNames } from "./card-names.ts";
import {
  type Asked,
  CARD_PLACES,
  type ClaimedBy,
  type InterfaceNames,
  type InterfaceReason,
  macOfName,
  type NamedCard,
} from "./interface-claims.ts";
import { isInterfaceName } from "./safe-names.ts";

const MAX_NAMES = 512;
const MAX_CLAIMS = 5000;

/** What is known so far. */
export class LearnedInterfaces {
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
        if (card === undefined || more.length > 0 || rivals.length > 0) return [];
        return this.#isOddFor(name, card) ? [] : [{ name, card }];
      });
      if (pairs.length === 0) break;
      for (const { name, card } of pairs) this.#take(name, card, "only");
    }
    this.#takeAlike();
    const [last, ...others] = this.#openWanted();
    if (last === undefined || others.length > 0 || last.cards.some((card) => this.#isOddFor(last.name, card)))
      return;
    const linked = only(last.cards.filter(({ carrier }) => carrier === true));
    if (linked !== undefined && last.cards.every((card) => card === linked || card.carrier === false))
      this.#take(last.name, linked, "cable");
  }

  /** Ports of one bond may change places: all cards that are left for them are as good. */
  #takeAlike(): void {
    for (const { names, cards } of groups(this.#openWanted())) {
      const alike = this.#asked.alike?.some((ports) => names.every((name) => ports.includes(name))) ?? false;
      const open = [...cards].toSorted((a, b) =>
        a.mac < b.mac ? -1 : a.mac > b.mac ? 1 : a.name < b.name ? -1 : 1,
      );
      const isFree = names.every((name) => open.every((card) => this.#candidates.get(name)?.has(card)));
      if (!alike || !isFree || names.length !== open.length) continue;
      for (const [index, name] of names.toSorted().entries()) {
        const card = open[index];
        if (card !== undefined) this.#take(name, card, "alike");
      }
    }
  }

  /** udev makes another name of this card's place: then eth0 is one that some older system wrote. */
  #isOddFor(name: string, card: Nic): boolean {
    const { naming } = this.#asked;
    if (naming.kind !== "places" || !/^eth\d+$/.test(name) || this.claimsOf(name).length > 0) return false;
    return [...placeNames(card).values()].some((place) => naming.order.includes(place));
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

  /** A kernel that counts calls two cards eth0 and eth1: no rule of udev that knows addresses, no eth2; beside eth0 no enp3s0. */
  #isBeyond(name: string, cards: number): boolean {
    if (this.#asked.naming.kind !== "kernel") return false;
    const [, number] = COUNTED.exec(name) ?? [];
    if (number === undefined)
      return (
        /^en[ops]\d/.test(name) &&
        this.claimsOf(name).length === 0 &&
        this.#asked.wanted.some((one) => COUNTED.test(one))
      );
    const isRuled = [...this.#claims.values()].flat().some((by) => by.kind === "slot" || by.how === "names");
    return Number(number) >= cards && !isRuled;
  }
}

const COUNTED = /^eth(\d{1,3})$/;

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
