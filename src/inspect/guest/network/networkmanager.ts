// SPDX-License-Identifier: Apache-2.0
// NetworkManager keyfiles (nm-settings-keyfile(5)) and its leases, whose names end with the interface.
import type { InterfaceConfig } from "../../../core/index.ts";
import {
  type Finding,
  isPhysicalName,
  type NetworkSource,
  normalMac,
  parseIni,
  readFiles,
} from "./source.ts";

const CONNECTIONS = "/etc/NetworkManager/system-connections";
const LEASES = "/var/lib/NetworkManager";

export const networkmanager: NetworkSource = {
  name: "NetworkManager",
  async read(view) {
    const leases = new Map<string, string>();
    for (const name of (await view.list(LEASES)).slice(0, 1000)) {
      const match = /^internal-([0-9a-f-]{36})-(.+)\.lease$/.exec(name);
      if (match !== null) leases.set(match[1] ?? "", match[2] ?? "");
    }
    const found: Finding[] = [];
    for (const { path, text } of await readFiles(view, CONNECTIONS, /^[^.].*[^~]$/))
      found.push(...parseKeyfile(text, path, leases));
    for (const name of leases.values())
      if (isPhysicalName(name)) found.push({ name, mac: null, from: LEASES, configured: null });
    return found;
  },
};

export function parseKeyfile(
  text: string,
  from: string,
  leases: ReadonlyMap<string, string>,
): readonly Finding[] {
  const ini = parseIni(text);
  const get = (section: string, key: string): string | undefined => ini.get(section)?.get(key)?.[0];
  const type = get("connection", "type");
  if (type !== undefined && type !== "ethernet" && type !== "802-3-ethernet") return [];
  const name = get("connection", "interface-name") ?? leases.get(get("connection", "uuid") ?? "");
  const mac = normalMac(get("ethernet", "mac-address") ?? get("802-3-ethernet", "mac-address"));
  if (name === undefined || !isPhysicalName(name)) return [];
  const controller = get("connection", "controller") ?? get("connection", "master");
  return [
    {
      name,
      mac,
      from,
      configured: controller === undefined ? configOf(ini.get("ipv4")) : { kind: "port", of: controller },
    },
  ];
}

function configOf(ipv4: ReadonlyMap<string, readonly string[]> | undefined): InterfaceConfig {
  const addresses: string[] = [];
  let gateway = ipv4?.get("gateway")?.[0] ?? null;
  for (const [key, [value = ""] = []] of ipv4 ?? [])
    if (/^address(es)?\d*$/.test(key)) {
      // address1=192.0.2.7/24,192.0.2.1: the second is the gateway
      const [address = "", via] = value.split(/[,;]/).map((one) => one.trim());
      if (address !== "") addresses.push(address);
      gateway ??= via ?? null;
    }
  if (addresses.length > 0) return { kind: "static", addresses, gateway };
  return ipv4?.get("method")?.[0] === "auto" || ipv4 === undefined ? { kind: "dhcp" } : { kind: "none" };
}
