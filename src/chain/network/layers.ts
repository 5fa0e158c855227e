// SPDX-License-Identifier: Apache-2.0
// Addresses above the cards: what a bond, bridge or VLAN comes up with, and whether what it stands on is there. Pure.
import type {
  ChainLink,
  GuestInterface,
  IntendedNic,
  LinkAddressing,
  NetworkLink,
} from "../../core/index.ts";
import { isPhysicalName } from "../../inspect/index.ts";
import { assumed, broken, proven } from "../ground.ts";

const place = "network";
const MAX_NAMES = 6;

type Cards = {
  /** Of the VM, with what was said of each. */
  readonly cards: readonly { readonly nic: IntendedNic; readonly link: ChainLink }[];
  readonly interfaces: readonly GuestInterface[];
};

/** One for each that has an address. */
export function layerLinks(links: readonly NetworkLink[], cards: Cards): readonly ChainLink[] {
  const standOf = standing(links, cards);
  return links.flatMap((link) =>
    link.kind.kind === "card" || link.ip.kind === "none" ? [] : [judgeLayer(link, standOf(link.name))],
  );
}

function judgeLayer({ name, kind, ip }: NetworkLink, stand: Stand): ChainLink {
  const on =
    kind.kind === "vlan"
      ? `VLAN ${kind.id} on ${kind.on}`
      : `a ${kind.kind} of ${kind.kind === "card" ? name : list(kind.ports)}`;
  const words = {
    text: `${name}: ${addresses(ip)}, ${on}`,
    why: stand.why,
    about: [{ kind: "nic", name, mac: null }] as const,
  };
  switch (stand.kind) {
    case "there":
      return proven(place, words);
    case "unsure":
      return assumed(place, words);
    case "missing":
      return broken(place, {
        ...words,
        advice: `Give the VM the card that it needs (--nic NAME=MAC), or correct what ${name} stands on, on the machine or in the VM at its console`,
      });
  }
}

type Stand = { readonly kind: "there" | "unsure" | "missing"; readonly why: string };

/** Each name is judged once: files may name any number of ports, and each other. */
function standing(links: readonly NetworkLink[], cards: Cards): (name: string) => Stand {
  const known = new Map<string, Stand>();
  const of = (name: string): Stand => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, { kind: "unsure", why: `${name} stands on itself` });
    const link = links.find((one) => one.name === name);
    const kind = link?.kind ?? { kind: "card", mac: null };
    const stand =
      kind.kind === "card"
        ? cardStand(name, { mac: kind.mac, ...cards })
        : kind.kind === "vlan"
          ? of(kind.on)
          : joined(kind.ports.map((port) => ({ port, stand: of(port) })));
    known.set(name, stand);
    return stand;
  };
  return of;
}

/** A bond or bridge works with one of its ports. */
function joined(ports: readonly { readonly port: string; readonly stand: Stand }[]): Stand {
  if (ports.length === 0) return { kind: "unsure", why: "no file names its ports" };
  const those = (kind: Stand["kind"]) => ports.filter(({ stand }) => stand.kind === kind);
  const whys = (kind: Stand["kind"]): string =>
    list(
      those(kind).map(({ stand }) => stand.why),
      "; ",
    );
  const missing = those("missing");
  if (missing.length === ports.length)
    return { kind: "missing", why: `none of its ports is there: ${whys("missing")}` };
  if (missing.length > 0)
    return { kind: "unsure", why: `not all of its ports are there: ${whys("missing")}` };
  return those("there").length > 0
    ? { kind: "there", why: whys("there") }
    : { kind: "unsure", why: whys("unsure") };
}

function cardStand(name: string, { mac, cards, interfaces }: Cards & { mac: string | null }): Stand {
  const macs = [mac, interfaces.find((one) => one.name === name)?.mac].filter(
    (one) => typeof one === "string",
  );
  const card = cards.find(({ nic }) => nic.name === name) ?? cards.find(({ nic }) => macs.includes(nic.mac));
  if (card !== undefined)
    switch (card.link.verdict) {
      case "proven":
        return { kind: "there", why: `${name} is the VM's card ${card.nic.mac}` };
      case "assumed":
        return { kind: "unsure", why: `that the VM's card ${card.nic.mac} is ${name} is not proven` };
      case "broken":
        return { kind: "missing", why: `${name} does not come up (above)` };
    }
  if (isPhysicalName(name)) return { kind: "missing", why: `no card of the VM is ${name}` };
  return MADE_BY_FILES.test(name)
    ? { kind: "missing", why: `no file makes ${name}` }
    : { kind: "unsure", why: `${name} is made by another program` };
}

/** Others (`tap0`, `vnet1`, `wg0`) come from programs that keep no files of the network's. */
const MADE_BY_FILES = /^(?:bond|team|br)\d/;

function addresses(ip: LinkAddressing): string {
  if (ip.kind !== "static") return "DHCP";
  return list(ip.addresses) + (ip.gateways.length === 0 ? "" : ` by ${list(ip.gateways)}`);
}

function list(names: readonly string[], separator = ", "): string {
  const more = names.length > MAX_NAMES ? [`${names.length - MAX_NAMES} more`] : [];
  return [...names.slice(0, MAX_NAMES), ...more].join(separator);
}
