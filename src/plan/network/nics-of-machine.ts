// SPDX-License-Identifier: Apache-2.0
// A machine's cards under the names that the guest will look for, and what cannot be told of them.
import {
  guestFiles,
  type GuestOS,
  type IntendedNic,
  type InterfaceClaim,
  type InterfaceEvidence,
  type InterfaceNames,
  isInterfaceName,
  learnInterfaceNames,
  makeProblem,
  matchesGlob,
  type Nic,
  NO_EVIDENCE,
  parseMac,
  placeNames,
  type Problem,
  type Subject,
} from "../../core/index.ts";

type Inputs = {
  readonly cards: readonly Nic[];
  readonly guest: GuestOS | null;
  /** Name to address. Absent: nothing was said. */
  readonly given?: ReadonlyMap<string, string>;
  /** Are the cards' names the guest's own? Absent: no. */
  readonly own?: boolean;
};

type Chosen = { readonly nics: readonly IntendedNic[]; readonly problems: readonly Problem[] };

export function nicsOfMachine(inputs: Inputs): Chosen {
  const { cards, guest } = inputs;
  const names = interfaceNames(inputs);
  const free = new FreeNames(names, guest);
  const used = cards.filter(
    (card) => card.aside !== true || names.known.some((one) => one.card === card.name),
  );
  const nics = used.map((card): IntendedNic => {
    const known = names.known.find((one) => one.card === card.name);
    const name = known?.name ?? free.take(card);
    const aliases = [...placeNames(card).keys(), ...(card.bus === null ? [] : [card.bus])];
    return {
      name,
      mac: card.mac,
      origin: "machine",
      ...(known === undefined ? {} : { because: known.because }),
      ...(aliases.length === 0 ? {} : { aliases: aliases.filter((one) => one !== name) }),
    };
  });
  return { nics, problems: guest === null ? [] : problemsOf(names, { nics, used, guest }) };
}

/** `also`: cards that a setup of the guest names; their addresses, where it says them. */
export function interfaceNames({
  cards,
  guest,
  given = new Map(),
  own = false,
  also = [],
}: Inputs & {
  readonly also?: readonly { readonly name: string; readonly mac: string | null }[];
}): InterfaceNames {
  const plain = (guest?.network ?? []).filter(({ anyOf }) => anyOf === undefined);
  const wanted = plain.filter(({ configured }) => configured.kind !== "none");
  const mentioned = plain.map(({ name }) => name);
  const masters = [
    ...new Set(plain.flatMap(({ configured }) => (configured.kind === "port" ? [configured.of] : []))),
  ];
  const alike = masters.map((master) =>
    plain.flatMap(({ name, configured }) =>
      configured.kind === "port" && configured.of === master ? [name] : [],
    ),
  );
  const { claims, naming } = evidenceOf(guest);
  const names = [...new Set([...wanted, ...also].map(({ name }) => name))];
  const said = [...claims, ...claimsOf(also)];
  return learnInterfaceNames({ claims: said, naming, wanted: names, mentioned, alike, given, own }, cards);
}

function evidenceOf(guest: GuestOS | null): InterfaceEvidence {
  if (guest?.interfaces !== undefined) return guest.interfaces;
  return { ...NO_EVIDENCE, claims: claimsOf(guest?.network ?? []) };
}

function claimsOf(
  all: readonly { readonly name: string; readonly mac: string | null }[],
): readonly InterfaceClaim[] {
  return all.flatMap(({ name, mac: text }): InterfaceClaim[] => {
    const mac = parseMac(text ?? "");
    return mac === null ? [] : [{ name, from: "", by: { kind: "address", mac, how: "sets" } }];
  });
}

/** Names for cards that nothing names: as the guest would make them, and never one that means another card, or may. */
class FreeNames {
  readonly #taken: Set<string>;
  readonly #guest: GuestOS | null;

  constructor({ known }: InterfaceNames, guest: GuestOS | null) {
    const network = (guest?.network ?? []).filter(({ anyOf }) => anyOf === undefined);
    const claims = guest?.interfaces?.claims ?? [];
    this.#guest = guest;
    this.#taken = new Set([...known, ...network, ...claims].map(({ name }) => name));
  }

  take(card: Nic): string {
    const naming = this.#guest?.interfaces?.naming ?? NO_EVIDENCE.naming;
    const places = new Map([...placeNames(card)].map(([name, place]) => [place, name]));
    const byPlace = naming.kind === "places" ? naming.order.map((place) => places.get(place)) : [];
    const usual = [...byPlace, card.name, ...places.values(), `enx${card.mac.replaceAll(":", "")}`];
    const free = usual.filter(
      (name) => name !== undefined && isInterfaceName(name) && !this.#taken.has(name),
    );
    const profiles = (this.#guest?.network ?? []).filter(({ name }) => !this.#taken.has(name));
    // A profile for any card of a pattern finds its card by a name that fits.
    const fitting = free.find((name) => profiles.some(({ anyOf = [] }) => fitsAny(anyOf, name ?? "")));
    const made = profiles.find(({ anyOf, mac }) => anyOf !== undefined && (mac ?? card.mac) === card.mac);
    const name = fitting ?? made?.name ?? free[0] ?? card.name;
    this.#taken.add(name);
    return name;
  }
}

const fitsAny = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => matchesGlob(pattern, name));

type Ground = {
  readonly nics: readonly IntendedNic[];
  readonly used: readonly Nic[];
  readonly guest: GuestOS;
};

function problemsOf(names: InterfaceNames, { nics, used, guest }: Ground): readonly Problem[] {
  const subject = (card: string): Subject => {
    const nic = used.find(({ name }) => name === card);
    return { kind: "nic", name: null, mac: nic?.mac ?? null };
  };
  const named = (name: string): Subject => ({ kind: "nic", name, mac: null });
  const from = (name: string): string => guest.network.find((one) => one.name === name)?.from ?? "the guest";
  const filesOf = (all: readonly string[]): readonly Subject[] =>
    guestFiles(...new Set(all.map(from).filter((path) => path.startsWith("/"))));
  const macOf = (card: string): string => used.find(({ name }) => name === card)?.mac ?? card;
  const unclear = names.unclear.map(({ names: all, cards }) =>
    makeProblem("nic-unclear", {
      about: [...all.map(named), ...cards.map(subject), ...filesOf(all)],
      text: `${list(all)} ${all.length === 1 ? "is" : "are"} configured in ${list([...new Set(all.map(from))])}, and nothing tells which of the cards ${list(cards.map(macOf))} ${all.length === 1 ? "it is" : "is which"}`,
      advice: `Say it with --nic NAME=MAC, such as --nic ${all[0] ?? ""}=${macOf(cards[0] ?? "")}; until then nothing configures ${cards.length === 1 ? "this card" : "these cards"} in the VM`,
    }),
  );
  const missing = names.missing
    .filter((name) => !isFoundByAddress(name, guest))
    .map((name) =>
      makeProblem("nic-not-in-vm", {
        about: [named(name), ...filesOf([name])],
        text: `${from(name)} configures ${name}, and no card of this machine is it`,
        advice: `If it is still needed, say which card it is with --nic ${name}=MAC`,
      }),
    );
  return [...unclear, ...missing, ...unusedProblem(names, { nics, used, guest })];
}

/** A file that asks for an address the VM lacks is reported with that address, by the step that reads it. */
function isFoundByAddress(name: string, { interfaces }: GuestOS): boolean {
  return (interfaces?.claims ?? []).some(
    (claim) => claim.name === name && claim.by.kind === "address" && claim.by.how === "finds",
  );
}

/** Cards that nothing configures: most servers have some, so one note for all. */
function unusedProblem(names: InterfaceNames, { nics, used, guest }: Ground): readonly Problem[] {
  const patterns = guest.network.filter(({ configured }) => configured.kind !== "none");
  const unclear = new Set(names.unclear.flatMap(({ cards }) => cards));
  const finds = (name: string, mac: string): boolean =>
    (guest.interfaces?.claims ?? []).some(
      ({ name: one, by }) => one === name && by.kind === "address" && by.how === "finds" && by.mac === mac,
    );
  const unused = nics.filter((nic, index) => {
    if (unclear.has(used[index]?.name ?? "")) return false;
    return !patterns.some(
      ({ name, mac, anyOf }) =>
        name === nic.name ||
        finds(name, nic.mac) ||
        (anyOf !== undefined && mac === nic.mac) ||
        (anyOf !== undefined && mac === null && fitsAny(anyOf, nic.name)),
    );
  });
  if (unused.length === 0 || patterns.length === 0) return [];
  const are = unused.length === 1 ? "The card" : "The cards";
  return [
    makeProblem("nic-unused", {
      about: unused.map(({ name, mac }) => ({ kind: "nic", name, mac })),
      text: `${are} ${list(unused.map(({ name, mac }) => `${name} (${mac})`))} ${unused.length === 1 ? "is" : "are"} configured by nothing in the guest; the VM has ${unused.length === 1 ? "it" : "them"} all the same`,
      advice: `Take ${unused.length === 1 ? "it" : "them"} out of the VM's definition where nobody needs ${unused.length === 1 ? "it" : "them"}`,
    }),
  ];
}

const MOST = 6;

function list(all: readonly string[]): string {
  const shown = all.slice(0, MOST);
  if (all.length > MOST) return `${shown.join(", ")} and ${all.length - MOST} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
