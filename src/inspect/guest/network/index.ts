// SPDX-License-Identifier: Apache-2.0
// network reads which physical interfaces the guest's own files name, and what each asks for.
import type { GuestInterface, GuestOS, GuestView, InterfaceClaim } from "../../../core/index.ts";
import { type Surroundings, unknownCondition, unmetCondition } from "./conditions.ts";
import { claimsIn, readEvidence, readKernelWords, wordSightings } from "./evidence.ts";
import { ifcfg } from "./ifcfg.ts";
import { ifupdown } from "./ifupdown.ts";
import { leases } from "./leases.ts";
import { logs } from "./logs.ts";
import { mactab } from "./mactab.ts";
import { mergeFound } from "./merge.ts";
import { netplan } from "./netplan.ts";
import { networkd } from "./networkd.ts";
import { networkmanager } from "./networkmanager.ts";
import { OTHER_SOURCES } from "./others/index.ts";
import { readNetworkSetup, withGuestNames } from "./setup/index.ts";
import { type Found, joinFound, type NetworkSource, type Sighting } from "./source.ts";
import { udev } from "./udev.ts";

/** What configures comes before what only names. */
const NETWORK_SOURCES: readonly NetworkSource[] = [
  netplan,
  ifupdown,
  networkmanager,
  ifcfg,
  networkd,
  ...OTHER_SOURCES,
  udev,
  mactab,
  leases,
  logs,
];

/** What each source says, unmerged. */
export async function readFound(view: GuestView): Promise<Found> {
  const all: Found[] = [];
  for (const source of NETWORK_SOURCES) all.push(await source.read(view));
  return joinFound(all);
}

/** Cards, and what tells which is which; see mergeFound() for who wins. */
export async function readGuestNetwork(
  view: GuestView,
): Promise<Required<Pick<GuestOS, "network" | "interfaces" | "layers">>> {
  const words = await readKernelWords(view);
  const found = joinFound([await readFound(view), { sightings: wordSightings(words), made: [] }]);
  const setup = await readNetworkSetup(view);
  const network = mergeFound(found);
  return {
    network,
    interfaces: await readEvidence(view, { sightings: found.sightings, words }),
    layers: withGuestNames(setup?.links ?? [], network).filter(({ kind }) => kind.kind !== "card"),
  };
}

/** Whose conditions no card of a system meets: that file, and what it asks for. */
export type Unused = GuestInterface & { readonly lost: string };

/** One entry per physical interface, of files that are used for one of these cards; and what is configured for none of them. */
export async function readGuestInterfaces(
  view: GuestView,
  cards: readonly Surroundings[] = [],
): Promise<{
  readonly interfaces: readonly GuestInterface[];
  readonly unused: readonly Unused[];
  /** Files that are used only if the VM is what they ask for, which is not known. */
  readonly unsure: ReadonlyMap<string, string>;
  readonly claims: readonly InterfaceClaim[];
}> {
  const { sightings, made } = await readFound(view);
  const lostOf = ({ conditions }: Sighting): string | null => {
    const all = cards.map((card) => unmetCondition(conditions, card));
    return all.includes(null) ? null : (all[0] ?? null);
  };
  const used = sightings.filter((one) => lostOf(one) === null);
  const interfaces = mergeFound({ sightings: used, made });
  const unused = mergeFound({ sightings, made }).flatMap((one) => {
    const lost = sightings.find(({ from, conditions }) => from === one.from && conditions.length > 0);
    const why = lost === undefined ? null : lostOf(lost);
    return why === null ? [] : [{ ...one, lost: why }];
  });
  const unsure = new Map<string, string>();
  for (const { from, conditions } of used)
    for (const card of cards.slice(0, 1)) {
      const asked = unknownCondition(conditions, card);
      if (asked !== null) unsure.set(from, asked);
    }
  return { interfaces, unused, unsure, claims: claimsIn(used) };
}
