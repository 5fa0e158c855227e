// SPDX-License-Identifier: Apache-2.0
// systemd-networkd: .network (systemd.network(5)), .netdev and .link files. Those of the distribution are left out.
import type { GuestView, InterfaceConfig } from "../../../core/index.ts";
import { isForCards, unitConditions } from "./conditions.ts";
import {
  cidrOf,
  type Found,
  type Ini,
  iniValue,
  iniValues,
  joinFound,
  type NetworkSource,
  NOTHING,
  normalMac,
  parseIni,
  parseSlot,
  readFiles,
  type Sighting,
  sighting,
  staticOf,
} from "./source.ts";

export const UNIT_DIRECTORIES = ["/etc/systemd/network", "/run/systemd/network"];

export const networkd: NetworkSource = { name: "systemd-networkd", read: readNetworkd };

async function readNetworkd(view: GuestView): Promise<Found> {
  const found: Found[] = [];
  const seen = new Set<string>();
  for (const directory of UNIT_DIRECTORIES)
    for (const { path, name, text } of await readFiles(view, directory, /\.(network|netdev|link)$/)) {
      if (seen.has(name)) continue; // /etc hides /run
      seen.add(name);
      found.push(parseUnit(text, path));
    }
  return joinFound(found);
}

/** By the ending of `path`. */
export function parseUnit(text: string, path: string): Found {
  const ini = parseIni(text);
  if (path.endsWith(".link")) return { sightings: linkOf(ini, path), made: [] };
  if (path.endsWith(".network")) return networkOf(ini, path);
  const name = iniValue(ini, "NetDev", "Name");
  return name === undefined
    ? NOTHING
    : { sightings: [], made: [{ name, from: path, ports: [], sharing: true }] };
}

const words = (values: readonly string[]): readonly string[] =>
  values.flatMap((line) => line.split(/\s+/)).filter((word) => word !== "");

function macsOf(ini: Ini): readonly string[] {
  return words([...iniValues(ini, "Match", "MACAddress"), ...iniValues(ini, "Match", "PermanentMACAddress")])
    .map(normalMac)
    .filter((mac) => mac !== null);
}

function networkOf(ini: Ini, from: string): Found {
  const conditions = unitConditions(ini);
  if (!isForCards(conditions) || !ini.some(({ section }) => section === "Match")) return NOTHING;
  const names = words([...iniValues(ini, "Match", "Name"), ...iniValues(ini, "Match", "OriginalName")]);
  const wanted = names.filter((name) => !name.startsWith("!"));
  const macs = macsOf(ini);
  const said = { from, configured: configOf(ini), conditions };
  const plain = wanted.filter((name) => !/[*?[]/.test(name));
  const set = normalMac(iniValue(ini, "Link", "MACAddress"));
  const sightings: Sighting[] = plain.map((name) => {
    const mac = plain.length === 1 ? (macs[0] ?? set) : null;
    return sighting({ name, mac, how: macs.length > 0 ? "finds" : "sets", ...said });
  });
  if (plain.length === 0) {
    const pattern =
      wanted.find((name) => !name.startsWith("wl") && !name.startsWith("ww")) ?? wanted[0] ?? "*";
    const slot = macs.length > 0 ? null : parseSlot(iniValue(ini, "Match", "Path"));
    for (const mac of macs.length > 0 ? macs : [null])
      sightings.push(sighting({ pattern, mac, slot, ...said }));
  }
  const sharing = iniValues(ini, "Network", "VLAN").map((name) => ({
    name,
    from,
    ports: plain,
    sharing: true,
  }));
  const masters = [...iniValues(ini, "Network", "Bond"), ...iniValues(ini, "Network", "Bridge")];
  return {
    sightings,
    made: [...sharing, ...masters.map((name) => ({ name, from, ports: plain, sharing: false }))],
  };
}

function configOf(ini: Ini): InterfaceConfig {
  if (/^(manual|always-down|down)$/.test(iniValue(ini, "Link", "ActivationPolicy") ?? ""))
    return { kind: "none" };
  if (/^(yes|true|1|on)$/i.test(iniValue(ini, "Link", "Unmanaged") ?? "")) return { kind: "none" };
  const of = iniValue(ini, "Network", "Bond") ?? iniValue(ini, "Network", "Bridge");
  if (of !== undefined) return { kind: "port", of };
  const addresses = [...iniValues(ini, "Network", "Address"), ...iniValues(ini, "Address", "Address")];
  const gateways = [...iniValues(ini, "Network", "Gateway"), ...defaultRoutes(ini)];
  if (/^(yes|true|ipv4|v4|both|1|on)$/i.test(iniValue(ini, "Network", "DHCP") ?? "")) return { kind: "dhcp" };
  return (
    staticOf(
      addresses.map((one) => cidrOf(one)),
      gateways,
    ) ?? { kind: "none" }
  );
}

/** A route to one network, or in a table of its own, is no way out. */
function defaultRoutes(ini: Ini): readonly string[] {
  return ini.flatMap(({ section, keys }) => {
    const target = keys.get("Destination")?.at(-1) ?? "0.0.0.0/0";
    const isOut =
      /^(?:0\.0\.0\.0\/0|::\/0)$/.test(target) && /^(?:main|254)$/.test(keys.get("Table")?.at(-1) ?? "main");
    return section === "Route" && isOut ? (keys.get("Gateway") ?? []) : [];
  });
}

/** A name for one card. Files that only choose a policy name nothing. */
function linkOf(ini: Ini, from: string): readonly Sighting[] {
  const name = iniValue(ini, "Link", "Name");
  const [mac = null, ...more] = macsOf(ini);
  const [, place] =
    /(?:^|\s)ID_NET_NAME_\w{3,7}=(\S{1,15})(?=\s|$)/.exec(iniValue(ini, "Match", "Property") ?? "") ?? [];
  const slot = mac === null ? (parseSlot(iniValue(ini, "Match", "Path")) ?? place ?? null) : null;
  if (name === undefined || more.length > 0 || (mac === null && slot === null)) return [];
  return [sighting({ name, mac, how: "names", slot, from })];
}
