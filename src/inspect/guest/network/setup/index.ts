// SPDX-License-Identifier: Apache-2.0
// How the installed system is connected, layer by layer: cards, bonds, bridges, VLANs, addresses, name servers.
import type { GuestView, NetworkLink, NetworkSetup } from "../../../../core/index.ts";
import { readSmall } from "../source.ts";
import { readIfcfgLinks } from "./ifcfg.ts";
import { readIfupdownLinks } from "./ifupdown.ts";
import { joinLinks, type SaidLink } from "./links.ts";
import { readNetplanLinks } from "./netplan.ts";
import { readNetworkdLinks } from "./networkd.ts";
import { readNetworkManagerLinks } from "./networkmanager.ts";

/** As readGuestInterfaces(): what configures first wins. */
const READERS: readonly ((view: GuestView) => Promise<readonly SaidLink[]>)[] = [
  readNetplanLinks,
  readIfupdownLinks,
  readNetworkManagerLinks,
  readIfcfgLinks,
  readNetworkdLinks,
];

/** Of the first kind of files that gives anything an address; null where none does. */
export async function readNetworkSetup(view: GuestView): Promise<NetworkSetup | null> {
  for (const read of READERS) {
    const setup = joinLinks(await read(view));
    if (setup.links.length === 0) continue;
    return setup.dns.length > 0 ? setup : { ...setup, ...(await readResolvConf(view)) };
  }
  return null;
}

/** resolv.conf(5); the stub of systemd-resolved says nothing. */
async function readResolvConf(view: GuestView): Promise<Pick<NetworkSetup, "dns" | "search">> {
  const text = (await readSmall(view, "/etc/resolv.conf")) ?? "";
  const values = (key: string): readonly string[] =>
    text.split("\n", 1000).flatMap((line) => {
      const [word, ...more] = line.trim().split(/\s+/);
      return word === key ? more : [];
    });
  const { dns, search } = joinLinks([{ name: "dns", dns: values("nameserver"), search: values("search") }]);
  return { dns: dns.filter((one) => !one.startsWith("127.")), search };
}

/** A file that tells its card by the address alone names none; in what a person reads it has the name that the guest gives it. */
export function withGuestNames(
  links: readonly NetworkLink[],
  interfaces: readonly { readonly name: string; readonly mac: string | null }[],
): readonly NetworkLink[] {
  const names = new Map<string, string>();
  for (const { name, kind } of links) {
    if (kind.kind !== "card" || kind.mac === null || interfaces.some((one) => one.name === name)) continue;
    const own = interfaces.find(({ mac }) => mac === kind.mac)?.name;
    if (own !== undefined) names.set(name, own);
  }
  const nameOf = (name: string): string => names.get(name) ?? name;
  return links.map((link): NetworkLink => {
    const { name, kind } = link;
    switch (kind.kind) {
      case "card":
        return { ...link, name: nameOf(name) };
      case "vlan":
        return { ...link, kind: { ...kind, on: nameOf(kind.on) } };
      case "bond":
      case "bridge":
        return { ...link, kind: { ...kind, ports: kind.ports.map(nameOf) } };
    }
  });
}
