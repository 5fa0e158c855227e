// SPDX-License-Identifier: Apache-2.0
// ifcfg files: RHEL and relatives below network-scripts, SUSE (ifcfg(5) of wicked) below /etc/sysconfig/network.
import type { GuestView, InterfaceConfig } from "../../../core/index.ts";
import {
  cidrOf,
  type Found,
  isAddress,
  isPhysicalName,
  isReachable,
  isNo,
  isYes,
  joinFound,
  lowerOfVlan,
  type Made,
  type NetworkSource,
  normalMac,
  parseSlot,
  readFiles,
  readSmall,
  sighting,
  staticOf,
} from "./source.ts";

/** SUSE's directory may hold files of both only on SUSE: each file is read by its own keys. */
const DIRECTORIES = ["/etc/sysconfig/network-scripts", "/etc/sysconfig/network"];

export const ifcfg: NetworkSource = { name: "ifcfg", read: readIfcfg };

async function readIfcfg(view: GuestView): Promise<Found> {
  const gateway = await readGateway(view);
  const found: Found[] = [];
  for (const directory of DIRECTORIES)
    for (const { path, name, text } of await readFiles(view, directory, /^ifcfg-[^~]+$/))
      if (!/\.(bak|orig|rpmnew|rpmsave|rpmorig|old|save|scpmbackup)$/.test(name))
        found.push(parseIfcfg(text, { path, name, gateway }));
  return joinFound(found);
}

/** GATEWAY of /etc/sysconfig/network, or the default line of SUSE's routes file. */
async function readGateway(view: GuestView): Promise<string | null> {
  const common = assignments((await readSmall(view, "/etc/sysconfig/network")) ?? "").get("GATEWAY");
  if (common !== undefined && isAddress(common)) return common;
  for (const line of ((await readSmall(view, "/etc/sysconfig/network/routes")) ?? "").split("\n", 10_000)) {
    const [target, via = ""] = line.trim().split(/\s+/, 2);
    if ((target === "default" || target === "0.0.0.0/0") && isAddress(via)) return via;
  }
  return null;
}

/** Shell assignments; nothing is expanded or run. */
export function assignments(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(?:"([^"]*)"|'([^']*)'|([^\s#;]*))/.exec(line);
    if (match !== null) values.set((match[1] ?? "").toUpperCase(), match[2] ?? match[3] ?? match[4] ?? "");
  }
  return values;
}

type Values = ReadonlyMap<string, string>;

export function parseIfcfg(
  text: string,
  { path, name: file, gateway = null }: { path: string; name: string; gateway?: string | null },
): Found {
  const values = assignments(text);
  const suffix = file.slice("ifcfg-".length);
  // SUSE until 2009 named files by the card: ifcfg-eth-id-00:11:22:33:44:55, ifcfg-eth-bus-pci-0000:02:00.0
  const byCard = /^eth-(?:id-([0-9a-f:]{17})|bus-.*)$/i.exec(suffix);
  const device = values.get("DEVICE") ?? (byCard === null ? suffix : undefined);
  const [name = null, alias] = device?.split(":") ?? [];
  const made = name === null ? [] : madeBy(name, values, path);
  const own = normalMac(values.get("HWADDR") ?? byCard?.[1]);
  const nameless =
    name === null || (values.get("DEVICE") === undefined && own !== null && !isPhysicalName(name));
  // MACADDR of Red Hat, LLADDR of SUSE: what the card is made to have.
  const mac = own ?? (nameless ? null : normalMac(values.get("MACADDR") ?? values.get("LLADDR")));
  if (made.some((one) => one.name === name)) return { sightings: [], made };
  const of = values.get("MASTER") ?? values.get("TEAM_MASTER") ?? values.get("BRIDGE");
  const isPort = of !== undefined && !isYes(of) && of !== "no" && of !== "";
  const configured = isPort ? { kind: "port" as const, of } : configOf(values, gateway);
  return {
    sightings: [
      sighting({
        name: nameless ? null : name,
        pattern: byCard === null ? "*" : "eth*",
        mac: alias === undefined ? mac : null,
        how: own === null ? "sets" : "finds",
        slot: nameless ? parseSlot(/^eth-bus-(pci-.*)$/i.exec(suffix)?.[1]) : null,
        from: path,
        configured,
      }),
    ],
    made: isPort && name !== null ? [...made, { name: of, from: path, ports: [name], sharing: false }] : made,
  };
}

/** Does this file make an interface by software, and of what? */
function madeBy(name: string, values: Values, from: string): Made[] {
  const numbered = [...values].filter(([key]) => /^BONDING_SLAVE_?\d+$/.test(key)).map(([, port]) => port);
  const bridged = (values.get("BRIDGE_PORTS") ?? "").split(/\s+/);
  const ports = [...numbered, ...bridged].filter((port) => port !== "");
  const type = (values.get("TYPE") ?? "ethernet").toLowerCase();
  const lower =
    values.get("PHYSDEV") ??
    values.get("ETHERDEVICE") ??
    values.get("VLAN_PARENT") ??
    lowerOfVlan(name) ??
    undefined;
  const isVlan =
    isYes(values.get("VLAN")) || type === "vlan" || values.has("ETHERDEVICE") || lowerOfVlan(name) !== null;
  if (isVlan)
    return [{ name, from, ports: lower === undefined || lower === "" ? [] : [lower], sharing: true }];
  const isMade =
    type !== "ethernet" ||
    ports.length > 0 ||
    isYes(values.get("BONDING_MASTER")) ||
    values.has("BONDING_OPTS") ||
    isYes(values.get("BRIDGE")) ||
    /^(bond|team)$/i.test(values.get("DEVICETYPE") ?? "");
  return isMade ? [{ name, from, ports, sharing: false }] : [];
}

function configOf(values: Values, gateway: string | null): InterfaceConfig {
  if (/^(no|false|0|off)$/i.test(values.get("ONBOOT") ?? "")) return { kind: "none" };
  if (/^(off|manual)$/i.test(values.get("STARTMODE") ?? "")) return { kind: "none" };
  const protocol = (values.get("BOOTPROTO") ?? "").toLowerCase();
  if (/^(dhcp|dhcp4|bootp|dhcp\+autoip)$/.test(protocol)) return { kind: "dhcp" };
  const addresses: (string | null)[] = [];
  for (const [key, address] of values) {
    const index = /^IPADDR(\d*|_\w+)$/.exec(key)?.[1];
    if (index === undefined) continue;
    const mask =
      values.get(`PREFIX${index}`) ?? values.get(`PREFIXLEN${index}`) ?? values.get(`NETMASK${index}`);
    addresses.push(cidrOf(address, mask ?? (index === "0" ? values.get("PREFIX") : undefined) ?? ""));
  }
  if (isYes(values.get("IPV6INIT"))) addresses.push(cidrOf(values.get("IPV6ADDR") ?? ""));
  const common = gateway !== null && isReachable(gateway, addresses) ? gateway : null;
  const gateways = isNo(values.get("DEFROUTE"))
    ? []
    : [values.get("GATEWAY"), values.get("GATEWAY0"), common];
  return staticOf(addresses, gateways) ?? { kind: "none" };
}
