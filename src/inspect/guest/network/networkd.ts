// SPDX-License-Identifier: Apache-2.0
// systemd-networkd: .network files (systemd.network(5)) and .link files (systemd.link(5)).
import type { InterfaceConfig } from "../../../core/index.ts";
import {
  type Finding,
  isPhysicalName,
  type NetworkSource,
  normalMac,
  parseIni,
  readFiles,
} from "./source.ts";

const DIRECTORIES = ["/etc/systemd/network", "/run/systemd/network"];

export const networkd: NetworkSource = {
  name: "systemd-networkd",
  async read(view) {
    const found: Finding[] = [];
    for (const directory of DIRECTORIES)
      for (const { path, name, text } of await readFiles(view, directory, /\.(network|link)$/))
        found.push(...(name.endsWith(".link") ? parseLink(text, path) : parseNetwork(text, path)));
    return found;
  },
};

export function parseNetwork(text: string, from: string): readonly Finding[] {
  const ini = parseIni(text);
  const match = ini.get("Match");
  const network = ini.get("Network");
  const mac = normalMac(match?.get("MACAddress")?.[0] ?? match?.get("PermanentMACAddress")?.[0]);
  const names = (match?.get("Name") ?? []).flatMap((line) => line.split(/\s+/));
  // A pattern (`en*`) names no one interface; the NIC then keeps whatever name it has.
  return names
    .filter(isPhysicalName)
    .map((name) => ({ name, mac, from, configured: configOf(network, ini.get("Route")) }));
}

function configOf(
  network: ReadonlyMap<string, readonly string[]> | undefined,
  route: ReadonlyMap<string, readonly string[]> | undefined,
): InterfaceConfig {
  for (const key of ["Bond", "Bridge", "VLAN"]) {
    const of = network?.get(key)?.[0];
    if (of !== undefined && !network?.has("Address") && !network?.has("DHCP")) return { kind: "port", of };
  }
  const addresses = network?.get("Address") ?? [];
  if (addresses.length > 0)
    return {
      kind: "static",
      addresses,
      gateway: network?.get("Gateway")?.[0] ?? route?.get("Gateway")?.[0] ?? null,
    };
  return /^(yes|true|ipv4|both|1|on)$/i.test(network?.get("DHCP")?.[0] ?? "")
    ? { kind: "dhcp" }
    : { kind: "none" };
}

export function parseLink(text: string, from: string): readonly Finding[] {
  const ini = parseIni(text);
  const mac = normalMac(
    ini.get("Match")?.get("MACAddress")?.[0] ?? ini.get("Match")?.get("PermanentMACAddress")?.[0],
  );
  const name = ini.get("Link")?.get("Name")?.[0];
  return mac === null || name === undefined || !isPhysicalName(name)
    ? []
    : [{ name, mac, from, configured: null }];
}
