// SPDX-License-Identifier: Apache-2.0
// Many files speak of one interface: one entry per card, named as the guest will want it. Pure.
import {
  addressOf,
  type GuestInterface,
  type InterfaceConfig,
  macOfName,
  patternOf,
} from "../../../core/index.ts";
import { claimsIn } from "./evidence.ts";
import { namedPorts } from "./ports.ts";
import { type Found, isPhysicalName, type Made, type Sighting, sighting } from "./source.ts";

const MAX_INTERFACES = 256;

type Card = { readonly name: string; readonly sightings: Sighting[] };

/**
 * The first file that configures a card says how, the first that knows its MAC says which it is. A card that only old
 * leases know is left out where anything else names one: it is a trace of former hardware.
 */
export function mergeFound({ sightings, made: said }: Found): readonly GuestInterface[] {
  const made = namedPorts(said, sightings);
  const soft = new Set(made.map((one) => one.name));
  const isCard = (name: string): boolean => isPhysicalName(name) && !soft.has(name);
  const cards = new Map<string, Card>();
  const add = (name: string, one: Sighting): void => {
    if (!isCard(name) || (cards.size >= MAX_INTERFACES && !cards.has(name))) return;
    const card = cards.get(name) ?? { name, sightings: [] };
    card.sightings.push(one);
    cards.set(name, card);
  };
  for (const one of sightings) if (one.name !== null) add(one.name, one);
  for (const { ports, from } of made) for (const name of ports) add(name, sighting({ name, from }));
  dropTraces(cards);
  const fresh = new Map<string, string[]>();
  const nameless = sightings.filter(({ name }) => name === null);
  const left = nameless.filter((one) => {
    const names = namesFor(one, cards);
    for (const name of names ?? []) add(name, one);
    if (names !== null || isGlob(one)) return names === null;
    const name = newName(one, cards);
    if (name === null) return false;
    add(name, one);
    fresh.set(name, [one.pattern]);
    return false;
  });
  addByGlobs(left, { isMet: left.length < nameless.filter(isGlob).length, cards, add, fresh });
  const all = [...cards.values()].map((card) => interfaceOf(card, made, fresh.get(card.name)));
  return withOwnMacs(all);
}

/** What was seen once, by a lease or in a log, may be gone. */
const isTrace = (one: Sighting): boolean =>
  one.leased.length > 0 || /\.(leases?|xml)$/.test(one.from) || one.how === "seen";

function dropTraces(cards: Map<string, Card>): void {
  const traces = [...cards.values()].filter((card) => card.sightings.every(isTrace));
  if (traces.length < cards.size) for (const { name } of traces) cards.delete(name);
}

/** In the order in which we would name a card ourselves. */
const CANDIDATES = ["eth", "enp", "ens", "eno", "em", "p1p", "lan", "net"].flatMap((kind) =>
  Array.from({ length: 8 }, (_, index) =>
    kind === "enp" ? `enp${index + 1}s0` : `${kind}${kind === "eth" || kind === "net" ? index : index + 1}`,
  ),
);

/** Told by a pattern alone. */
const isGlob = ({ mac, slot }: Sighting): boolean => mac === null && slot === null;

/**
 * The names of the cards that a nameless profile means: by MAC or place, else all that fit its pattern and are not configured;
 * null: there are none.
 */
function namesFor(
  { mac, slot, pattern }: Sighting,
  cards: ReadonlyMap<string, Card>,
): readonly string[] | null {
  const fits = patternOf(pattern);
  const all = [...cards.values()];
  if (mac !== null || slot !== null) {
    const same = all.find(
      (card) =>
        (mac !== null && macOfName(card.name) === mac) ||
        card.sightings.some((one) => (mac === null ? one.slot === slot : one.mac === mac)),
    );
    if (same !== undefined) return [same.name];
    // A place alone: where one card is left that nothing configures and whose place no file says, it is that one.
    const open =
      mac !== null ? [] : all.filter((card) => card.sightings.every(isOpen) && fits.test(card.name));
    return open.length === 1 ? open.map((card) => card.name) : null;
  }
  const fitting = all.filter((card) => fits.test(card.name));
  const free = fitting.filter((card) => card.sightings.every((one) => one.configured === null));
  return fitting.length > 0 ? free.map((card) => card.name) : null;
}

/** A name that fits, so that the profile finds a card in the VM. */
const newName = ({ pattern }: Sighting, cards: ReadonlyMap<string, Card>): string | null =>
  CANDIDATES.find((name) => patternOf(pattern).test(name) && !cards.has(name)) ?? null;

type Globs = {
  /** Has another pattern found a card? */
  readonly isMet: boolean;
  readonly cards: ReadonlyMap<string, Card>;
  readonly add: (name: string, one: Sighting) => void;
  readonly fresh: Map<string, string[]>;
};

/** A pattern stands for no card of its own: those that fit none (`en*`, `eth*`) are for one, however it is called. */
function addByGlobs(globs: readonly Sighting[], { isMet, cards, add, fresh }: Globs): void {
  const [first, ...others] = globs;
  if (isMet || first === undefined) return;
  const name = namesFor(first, cards) === null ? newName(first, cards) : null;
  if (name === null) return;
  add(name, first);
  fresh.set(
    name,
    [first, ...others].map(({ pattern }) => pattern),
  );
}

const isOpen = (one: Sighting): boolean => one.configured === null && one.slot === null;

function interfaceOf(
  { name, sightings }: Card,
  made: readonly Made[],
  anyOf: readonly string[] | undefined,
): GuestInterface {
  const asks = sightings.filter((one) => one.configured !== null);
  const chosen =
    asks.find((one) => one.configured?.kind !== "none" && one.configured?.kind !== undefined) ?? asks[0];
  const own = chosen?.configured ?? { kind: "none" };
  const taker = takerOf(name, made, own);
  return {
    name,
    mac: addressOf(name, claimsIn(sightings.map((one) => ({ ...one, name })))),
    from: chosen?.from ?? taker?.from ?? sightings[0]?.from ?? "",
    configured: taker === undefined ? joined(asks, chosen) : { kind: "port", of: taker.name },
    ...(anyOf === undefined ? {} : { anyOf }),
  };
}

/** A bond or bridge takes the card whole; a VLAN only where the card has no address of its own. */
function takerOf(name: string, made: readonly Made[], own: InterfaceConfig): Made | undefined {
  if (own.kind === "port") return undefined;
  const above = made.filter((one) => one.ports.includes(name));
  return above.find((one) => !one.sharing) ?? (own.kind === "none" ? above[0] : undefined);
}

/** All static addresses of the source that was chosen: stanzas for IPv4 and IPv6, aliases. */
function joined(asks: readonly Sighting[], chosen: Sighting | undefined): InterfaceConfig {
  const config = chosen?.configured ?? { kind: "none" };
  if (config.kind !== "static" || chosen === undefined) return config;
  const directory = chosen.from.slice(0, chosen.from.lastIndexOf("/"));
  const addresses = new Set<string>();
  let gateway: string | null = null;
  for (const { configured, from } of asks) {
    if (configured?.kind !== "static" || !from.startsWith(directory)) continue;
    for (const address of configured.addresses) addresses.add(address);
    gateway ??= configured.gateway;
  }
  return { kind: "static", addresses: [...addresses], gateway };
}

/**
 * One MAC, one card. A stale rule (a replaced or cloned machine) may give a configured card's MAC to another name: that
 * name is dropped where nothing configures it, else it loses the MAC.
 */
function withOwnMacs(all: readonly GuestInterface[]): readonly GuestInterface[] {
  const asked = (one: GuestInterface): boolean => one.configured.kind !== "none";
  const owners = new Map<string, string>();
  for (const one of [...all.filter(asked), ...all.filter((other) => !asked(other))])
    if (one.mac !== null && !owners.has(one.mac)) owners.set(one.mac, one.name);
  const out: GuestInterface[] = [];
  for (const one of all) {
    if (one.mac === null || owners.get(one.mac) === one.name) out.push(one);
    else if (asked(one)) out.push({ ...one, mac: null });
  }
  return out;
}
