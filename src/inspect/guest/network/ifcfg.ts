// SPDX-License-Identifier: Apache-2.0
// ifcfg files: RHEL and relatives below network-scripts, SUSE (wicked) below /etc/sysconfig/network.
import type { InterfaceConfig } from "../../../core/index.ts";
import {
  type Finding,
  isPhysicalName,
  type NetworkSource,
  normalMac,
  prefixOf,
  readFiles,
} from "./source.ts";

const DIRECTORIES = ["/etc/sysconfig/network-scripts", "/etc/sysconfig/network"];

export const ifcfg: NetworkSource = {
  name: "ifcfg",
  async read(view) {
    const found: Finding[] = [];
    for (const directory of DIRECTORIES)
      for (const { path, name, text } of await readFiles(view, directory, /^ifcfg-[^~]+$/))
        if (!/\.(bak|orig|rpmnew|rpmsave|old)$/.test(name)) found.push(...parseIfcfg(text, { path, name }));
    return found;
  },
};

/** Shell assignments; nothing is expanded or run. */
function assignments(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(?:"([^"]*)"|'([^']*)'|([^\s#]*))/.exec(line);
    if (match !== null) values.set((match[1] ?? "").toUpperCase(), match[2] ?? match[3] ?? match[4] ?? "");
  }
  return values;
}

export function parseIfcfg(
  text: string,
  { path, name: file }: { path: string; name: string },
): readonly Finding[] {
  const values = assignments(text);
  const name = values.get("DEVICE") ?? file.slice("ifcfg-".length);
  const type = (values.get("TYPE") ?? "Ethernet").toLowerCase();
  const virtual =
    type !== "ethernet" ||
    values.has("BONDING_MASTER") ||
    values.has("BRIDGE_PORTS") ||
    values.get("VLAN") === "yes" ||
    values.has("ETHERDEVICE");
  if (!isPhysicalName(name) || virtual) return [];
  const mac = normalMac(values.get("HWADDR") ?? values.get("LLADDR"));
  const of = values.get("MASTER") ?? values.get("BRIDGE");
  return [{ name, mac, from: path, configured: of === undefined ? configOf(values) : { kind: "port", of } }];
}

function configOf(values: ReadonlyMap<string, string>): InterfaceConfig {
  const addresses: string[] = [];
  for (const [key, address] of values) {
    const index = /^IPADDR(\d*|_\w+)$/.exec(key)?.[1];
    if (index === undefined || address === "") continue;
    const prefix =
      values.get(`PREFIX${index}`) ?? values.get(`PREFIXLEN${index}`) ?? values.get(`NETMASK${index}`) ?? "";
    const bits = prefixOf(prefix);
    addresses.push(address.includes("/") || bits === null ? address : `${address}/${bits}`);
  }
  if (addresses.length > 0) return { kind: "static", addresses, gateway: values.get("GATEWAY") ?? null };
  return /^(dhcp|dhcp4|bootp)/.test((values.get("BOOTPROTO") ?? "").toLowerCase())
    ? { kind: "dhcp" }
    : { kind: "none" };
}
