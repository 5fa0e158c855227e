// SPDX-License-Identifier: Apache-2.0
// Which port of this machine each card of a setup is. Pure.
import type { NetworkLink, NetworkSetup, Nic } from "../core/index.ts";

export type PlacedLink = NetworkLink & {
  /** Of a card: the device here; null: no card here is it. */
  readonly device: string | null;
};

/** Which card a name means was found out before (`learnInterfaceNames`): here its address tells, and what has none is nowhere. */
export function placeLinks(setup: NetworkSetup, nics: readonly Nic[]): readonly PlacedLink[] {
  const taken = new Set<string>();
  return setup.links.map((link) => {
    const { kind } = link;
    if (kind.kind !== "card") return { ...link, device: link.name };
    const same = nics.filter(({ name, mac }) => mac === kind.mac && !taken.has(name));
    // Two cards may have one address: then the name of the port.
    const nic = same.find(({ name }) => name === link.name) ?? same[0];
    if (nic !== undefined) taken.add(nic.name);
    return { ...link, device: nic?.name ?? null };
  });
}
