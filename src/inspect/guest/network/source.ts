// SPDX-License-Identifier: Apache-2.0
// What one source of network configuration says of interfaces, and the small parsers that all sources share.
import {
  type ClaimedBy,
  type GuestView,
  type InterfaceConfig,
  isInterfaceName,
  parseMac,
} from "../../../core/index.ts";
/** An interface that a file names, or that it tells by address or pattern only. */
export type Sighting = {
  /** null: the file names none; `pattern` and `mac` say which it means. */
  readonly name: string | null;
  /** Shell pattern that the name must match: `en*`. */
  readonly pattern: string;
  readonly mac: string | null;
  /** What `mac` is to the interface. */
  readonly how: AddressUse;
  /** The card's place on PCI, where the name follows from it: `0000:03:00.0`. */
  readonly slot: string | null;
  readonly from: string;
  /** null: named without being configured (a udev rule, a lease). */
  readonly configured: InterfaceConfig | null;
  /** Addresses that its newest lease gave it. */
  readonly leased: readonly string[];
  /** What the file asks of its card beside name and address. */
  readonly conditions: readonly Condition[];
  /** When that lease was given or ends, in seconds; null: not known, or no lease. */
  readonly leasedAt: number | null;
};

/** `parts`: shell patterns; any one of them that is not `needed`, and all that are. */
export type Condition = {
  readonly asks: "driver" | "path" | "words" | "virtualization" | "nature" | "unknown";
  readonly parts: readonly { readonly pattern: string; readonly not: boolean; readonly needed: boolean }[];
  /** As it stands in the file: `Driver=igb`. */
  readonly text: string;
};

export type AddressUse = Extract<ClaimedBy, { kind: "address" }>["how"];

/** An interface made by software, and the ones it is made of. */
export type Made = {
  readonly name: string;
  readonly from: string;
  readonly ports: readonly string[];
  /** A VLAN leaves its port free to have addresses of its own; a bond or a bridge does not. */
  readonly sharing: boolean;
};

export type Found = { readonly sightings: readonly Sighting[]; readonly made: readonly Made[] };

export type NetworkSource = { readonly name: string; read(view: GuestView): Promise<Found> };

export function sighting(fields: Partial<Sighting> & { readonly from: string }): Sighting {
  return {
    name: null,
    pattern: "*",
    mac: null,
    how: "finds",
    slot: null,
    configured: null,
    leased: [],
    conditions: [],
    leasedAt: null,
    ...fields,
  };
}

/** What every source gives where there is nothing. */
export const NOTHING: Found = { sightings: [], made: [] };

export function joinFound(all: readonly Found[]): Found {
  return {
    sightings: all.flatMap((one) => one.sightings),
    made: all.flatMap((one) => one.made),
  };
}

/** Usual names of interfaces that no VM has as a network card: made by software, or wireless, dial-up, InfiniBand. */
const SOFTWARE =
  /^(?:lo|dummy|bond|team|br|bridge|virbr|vmbr|xenbr|lxcbr|lxdbr|docker|podman|veth|tun|tap|ifb|sit|gre|gretap|erspan|ip6tnl|ip6gre|tunl|ip_vti|ip6_vti|wg|tailscale|vlan|vxlan|macvlan|macvtap|ipvlan|vmnet|vboxnet|cni|flannel|cali|nm-bond|nm-bridge|nm-team|nlmon|idrac|kube-ipvs)\d*$/;
/** Containers, overlay networks, and the ends of a host's guests (Proxmox: tap100i0, fwbr100i0; Xen: vif1.0). */
const SOFTWARE_BEGINNING =
  /^(?:br-|ovs-|docker|veth|virbr|vnet|vlan|vxlan|cali|cni|flannel|cilium|weave|lxc|tap\d|fw(?:br|pr|ln)\d|vif\d|zt[0-9a-z]{8}|genev_sys|azv|nerdctl|vmbr\d)/;
const NO_CARD = /^(?:wl|ww|ppp|ib\d|isdn|ippp|can\d|hso|usb\d|slip|bnep|bonding_masters)/;

/** Of a network card, by its name alone. */
export function isPhysicalName(name: string): boolean {
  return (
    isInterfaceName(name) &&
    !SOFTWARE.test(name) &&
    !SOFTWARE_BEGINNING.test(name) &&
    !NO_CARD.test(name) &&
    lowerOfVlan(name) === null
  );
}

/** `eth0` of `eth0.100`: the usual name of a VLAN says what carries it. */
export function lowerOfVlan(name: string): string | null {
  return /^([A-Za-z0-9_-]+)\.\d{1,4}$/.exec(name)?.[1] ?? null;
}

const MAX_FILES = 1000;

/** Files of a directory whose names match, with their text; unreadable and huge ones are left out. */
export async function readFiles(
  view: GuestView,
  directory: string,
  wanted: RegExp,
): Promise<readonly { path: string; name: string; text: string }[]> {
  const out: { path: string; name: string; text: string }[] = [];
  for (const name of (await namesIn(view, directory)).filter((one) => wanted.test(one)).slice(0, MAX_FILES)) {
    const text = await readSmall(view, `${directory}/${name}`);
    if (text !== null) out.push({ path: `${directory}/${name}`, name, text });
  }
  return out;
}

/** A configuration file of more than 256 KiB is none. */
export async function readSmall(view: GuestView, path: string): Promise<string | null> {
  try {
    return await view.readText(path, { maxBytes: 256 * 1024 });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

export async function namesIn(view: GuestView, directory: string): Promise<readonly string[]> {
  try {
    return await view.list(directory);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

export type Ini = readonly {
  readonly section: string;
  readonly keys: ReadonlyMap<string, readonly string[]>;
}[];

/** Sections of an INI-like file (NetworkManager keyfile, networkd unit) in order; a repeated key keeps every value. */
export function parseIni(text: string): Ini {
  const sections: { section: string; keys: Map<string, string[]> }[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    if (line.startsWith("[") && line.endsWith("]")) {
      sections.push({ section: line.slice(1, -1), keys: new Map() });
      continue;
    }
    const at = line.indexOf("=");
    const keys = sections.at(-1)?.keys;
    if (at === -1 || keys === undefined) continue;
    const key = line.slice(0, at).trim();
    const values = keys.get(key) ?? [];
    values.push(line.slice(at + 1).trim());
    keys.set(key, values);
  }
  return sections;
}

/** Every value of a key in all sections of one name. */
export function iniValues(ini: Ini, section: string, key: string): readonly string[] {
  return ini.flatMap((one) => (one.section === section ? (one.keys.get(key) ?? []) : []));
}

export function iniValue(ini: Ini, section: string, key: string): string | undefined {
  return iniValues(ini, section, key).at(-1);
}

/** In the words of NetworkManager and ifcfg files. */
export const isYes = (text: string | undefined): boolean => /^(?:yes|true|on|1|y|t)$/i.test(text ?? "");

export const isNo = (text: string | undefined): boolean => /^(?:no|false|off|0|n|f)$/i.test(text ?? "");

/** As parseMac(), of a value that may stand in quotes. */
export function normalMac(text: string | null | undefined): string | null {
  return parseMac((text ?? "").replaceAll(/["']/g, ""));
}

/** `0000:04:01.0`, of a place on PCI with its domain or without, behind `pci-` or not. */
export function parseSlot(text: string | undefined): string | null {
  const [, domain = "0000", rest] =
    /^(?:pci-)?([0-9a-f]{4})?:?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$/i.exec(text ?? "") ?? [];
  return rest === undefined ? null : `${domain}:${rest}`.toLowerCase();
}

/** Bits of 255.255.255.0, or of 24; null for nonsense. */
function prefixOf(mask: string): number | null {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= 128 ? Number(mask) : null;
  const parts = mask.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return null;
  const bits = parts.map((part) => Number(part).toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : null;
}

/** `192.0.2.7/24` of an address and a mask in any form; the bare address without one; null for nonsense. */
export function cidrOf(address: string, mask = ""): string | null {
  const [bare = "", given = mask] = address.trim().split("/");
  if (!isAddress(bare)) return null;
  const bits = prefixOf(given.trim());
  return bits === null ? bare : `${bare}/${bits}`;
}

/** Has the look of an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || (/^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(":"));
}

/** Can the gateway be reached from one of these IPv4 addresses (`192.0.2.7/24`) directly? */
export function isReachable(gateway: string, addresses: readonly (string | null)[]): boolean {
  const number = (text: string): number => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return addresses.some((one) => {
    const [address = "", bits = "32"] = one?.split("/") ?? [];
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return false;
    const span = 2 ** (32 - Math.min(32, Number(bits)));
    return Math.floor(number(address) / span) === Math.floor(number(gateway) / span);
  });
}

/** Static with these addresses; null where none of them is one. The gateway is that of IPv4. */
export function staticOf(
  addresses: readonly (string | null)[],
  gateways: readonly (string | null | undefined)[],
): InterfaceConfig | null {
  const good = addresses.filter((one) => one !== null);
  if (good.length === 0) return null;
  const gateway = gateways.map((one) => one?.trim() ?? "").find((one) => /^\d{1,3}(\.\d{1,3}){3}$/.test(one));
  return { kind: "static", addresses: [...new Set(good)], gateway: gateway ?? null };
}
