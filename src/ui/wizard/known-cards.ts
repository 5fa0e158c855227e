// SPDX-License-Identifier: Apache-2.0
// The server's own network on this machine's ports: which card of its files is which port, by the resolver that the plan uses. Pure.
import {
  type GuestOS,
  isInterfaceName,
  type NetworkLink,
  type NetworkSetup,
  type Nic,
} from "../../core/index.ts";
import { interfaceNames } from "../../plan/index.ts";

type Ground = { readonly guest: GuestOS | null; readonly nics: readonly Nic[] };

/** Cards get the address of the port that they are known to be; of the others a person must choose it. */
export function knownCards(setup: NetworkSetup | null, { guest, nics }: Ground): NetworkSetup | null {
  if (setup === null) return null;
  const links = withPorts(setup.links, guest);
  const cards = links.flatMap(({ name, kind }) => (kind.kind === "card" ? [{ name, mac: kind.mac }] : []));
  const { known } = interfaceNames({ cards: nics, guest, also: cards });
  return {
    ...setup,
    links: links.map((link) => {
      if (link.kind.kind !== "card") return link;
      const card = known.find(({ name }) => name === link.name)?.card;
      const mac = nics.find(({ name }) => name === card)?.mac ?? link.kind.mac;
      return { ...link, kind: { kind: "card", mac } as const };
    }),
  };
}

/** Ports that a file names by their slots (SLES 10) are known by name where the rest of its files was read. */
function withPorts(links: readonly NetworkLink[], guest: GuestOS | null): readonly NetworkLink[] {
  const all = new Map(links.map((link) => [link.name, link]));
  for (const link of links) {
    const { kind, name } = link;
    if ((kind.kind !== "bond" && kind.kind !== "bridge") || kind.ports.every(isInterfaceName)) continue;
    const named = (guest?.network ?? []).flatMap(({ name: port, configured }) =>
      configured.kind === "port" && configured.of === name ? [port] : [],
    );
    const ports = [...new Set([...kind.ports.filter(isInterfaceName), ...named])];
    all.set(name, { ...link, kind: { ...kind, ports } });
    for (const port of ports)
      if (!all.has(port))
        all.set(port, { name: port, kind: { kind: "card", mac: null }, ip: { kind: "none" }, mtu: null });
  }
  return [...all.values()];
}
