// SPDX-License-Identifier: Apache-2.0
// Which card of this machine each card of a setup is. Pure.
import type { NetworkLink, NetworkSetup, Nic } from "../core/index.ts";

export type PlacedLink = NetworkLink & {
  /** Of a card: the device here; null: no card here is it. */
  readonly device: string | null;
};

/**
 * A card is known by its MAC, else by its name (the live system names cards as systemd does everywhere). What then is left
 * are old names (eth0, eth1) without a MAC: they are taken in their order from the cards that are left, those with a link first.
 */
export function placeLinks(setup: NetworkSetup, nics: readonly Nic[]): readonly PlacedLink[] {
  const devices = new Map<string, string>();
  const cards = setup.links.flatMap(({ name, kind }) =>
    kind.kind === "card" ? [{ name, mac: kind.mac }] : [],
  );
  const isFree = ({ name }: Nic): boolean => ![...devices.values()].includes(name);
  const take = (card: string, nic: Nic | undefined): void => {
    if (nic !== undefined && !devices.has(card)) devices.set(card, nic.name);
  };
  for (const { name, mac } of cards)
    if (mac !== null)
      take(
        name,
        nics.find((nic) => nic.mac === mac && isFree(nic)),
      );
  for (const { name } of cards)
    take(
      name,
      nics.find((nic) => nic.name === name && isFree(nic)),
    );
  const withLink = nics.toSorted((a, b) => Number(b.carrier === true) - Number(a.carrier === true));
  for (const { name, mac } of cards.toSorted((a, b) => a.name.localeCompare(b.name)))
    if (mac === null) take(name, withLink.find(isFree));
  return setup.links.map((link) => ({
    ...link,
    device: link.kind.kind === "card" ? (devices.get(link.name) ?? null) : link.name,
  }));
}
