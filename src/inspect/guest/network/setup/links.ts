// SPDX-License-Identifier: Apache-2.0
// What the readers of this directory share: links as files name them, and the parts that are the same in every format.
import {
  isInterfaceName,
  type LinkAddressing,
  type LinkKind,
  type NetworkLink,
  type NetworkSetup,
} from "../../../../core/index.ts";
import { cidrOf, isAddress } from "../source.ts";

/** Only what a file said of a link; several files or stanzas may speak of one. */
export type SaidLink = {
  readonly name: string;
  readonly kind?: LinkKind;
  readonly ip?: LinkAddressing;
  readonly mtu?: number | null;
  readonly dns?: readonly string[];
  readonly search?: readonly string[];
};

const MAX_LINKS = 64;

/** Kinds and MTU of the first who says them; addresses of all. Links that nothing uses go. */
export function joinLinks(said: readonly SaidLink[]): NetworkSetup {
  const links = new Map<string, NetworkLink>();
  for (const one of said) {
    if (!isLinkName(one.name) || (links.size >= MAX_LINKS && !links.has(one.name))) continue;
    const known = links.get(one.name);
    const plain = known?.kind.kind === "card" && known.kind.mac === null;
    links.set(one.name, {
      name: one.name,
      kind: joinPorts(plain || known === undefined ? (one.kind ?? known?.kind) : known.kind, one.kind),
      ip: joinAddressing(known?.ip ?? { kind: "none" }, one.ip ?? { kind: "none" }),
      mtu: known?.mtu ?? one.mtu ?? null,
    });
  }
  for (const { kind } of links.values())
    for (const port of portsOf(kind))
      if (isLinkName(port) && !links.has(port) && links.size < MAX_LINKS)
        links.set(port, { name: port, kind: { kind: "card", mac: null }, ip: { kind: "none" }, mtu: null });
  return {
    links: usedLinks([...links.values()]),
    dns: addressList(said.flatMap(({ dns = [] }) => dns)),
    search: [...new Set(said.flatMap(({ search = [] }) => search))]
      .filter((one) => /^[A-Za-z0-9._-]{1,253}$/.test(one))
      .slice(0, 6),
  };
}

function portsOf(kind: LinkKind): readonly string[] {
  return kind.kind === "card" ? [] : kind.kind === "vlan" ? [kind.on] : kind.ports;
}

/** What has an address, and what that stands on. */
function usedLinks(links: readonly NetworkLink[]): readonly NetworkLink[] {
  const used = new Set(links.filter(({ ip }) => ip.kind !== "none").map(({ name }) => name));
  for (const name of used) {
    const link = links.find((one) => one.name === name); // a Set grows while it is walked
    for (const port of link === undefined ? [] : portsOf(link.kind)) used.add(port);
  }
  return links.filter(({ name }) => used.has(name));
}

const isLinkName = (name: string): boolean => name !== "lo" && isInterfaceName(name);

/** A port that names its bond knows no mode (empty): that is said elsewhere. */
function joinPorts(kind: LinkKind | undefined, other: LinkKind | undefined): LinkKind {
  if (kind === undefined) return { kind: "card", mac: null };
  if (kind.kind === "bond" && other?.kind === "bond")
    return {
      kind: "bond",
      mode: kind.mode || other.mode,
      ports: [...new Set([...kind.ports, ...other.ports])],
    };
  if (kind.kind === "bridge" && other?.kind === "bridge")
    return { kind: "bridge", ports: [...new Set([...kind.ports, ...other.ports])] };
  return kind;
}

function joinAddressing(one: LinkAddressing, other: LinkAddressing): LinkAddressing {
  if (one.kind === "none") return other;
  if (one.kind === "auto" || other.kind !== "static") return one;
  return {
    kind: "static",
    addresses: [...new Set([...one.addresses, ...other.addresses])],
    gateways: [...new Set([...one.gateways, ...other.gateways])],
  };
}

/** A gateway without an address is none; an address without a mask is a host. */
export function staticAddressing(
  addresses: readonly string[],
  gateways: readonly (string | undefined)[],
): LinkAddressing {
  const good = addresses.flatMap((one) => cidrOf(one) ?? []).map(withPrefix);
  if (good.length === 0) return { kind: "none" };
  return { kind: "static", addresses: [...new Set(good)], gateways: addressList(gateways) };
}

const withPrefix = (address: string): string =>
  address.includes("/") ? address : `${address}/${address.includes(":") ? 128 : 32}`;

const addressList = (texts: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(texts.map((one) => one?.trim() ?? "").filter(isAddress))].slice(0, 8);

export function mtuOf(text: string | undefined): number | null {
  const mtu = /^\d{3,5}$/.test(text ?? "") ? Number(text) : 0;
  return mtu >= 576 && mtu <= 65_535 ? mtu : null;
}

/** 1 to 4094 (IEEE 802.1Q); null for anything else. */
export function vlanId(text: string | undefined): number | null {
  const id = /^\d{1,4}$/.test(text ?? "") ? Number(text) : 0;
  return id >= 1 && id <= 4094 ? id : null;
}

/** `eth0.100`, `vlan100`: what the usual names say of the number. */
export function vlanIdOfName(name: string): number | null {
  return vlanId(/^(?:.+\.|vlan)0*(\d{1,4})$/.exec(name)?.[1]);
}

export const words = (text: string | undefined): readonly string[] =>
  (text ?? "").split(/[\s,;]+/).filter((word) => word !== "");

/** A team (teamd.conf(5)) is to its ports what a bond of this mode is; `config` is JSON, as it stands in whatever quotes. */
export function teamMode(config: string | undefined): string {
  const [, runner = "roundrobin"] =
    /\\?"name\\?"\s*:\s*\\?"([a-z_]{1,20})\\?"/.exec((config ?? "").slice(0, 4096)) ?? [];
  return (
    { lacp: "802.3ad", activebackup: "active-backup", loadbalance: "balance-xor", broadcast: "broadcast" }[
      runner
    ] ?? "balance-rr"
  );
}
