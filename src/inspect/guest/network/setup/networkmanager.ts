// SPDX-License-Identifier: Apache-2.0
// NetworkManager keyfiles (nm-settings-keyfile(5)).
import { bondMode, type GuestView, type LinkAddressing, type LinkKind } from "../../../../core/index.ts";
import { type Ini, iniValue, isYes, normalMac, parseIni, readFiles } from "../source.ts";
import { mtuOf, type SaidLink, staticAddressing, teamMode, vlanId, vlanIdOfName, words } from "./links.ts";

const DIRECTORIES = ["/etc/NetworkManager/system-connections", "/run/NetworkManager/system-connections"];

export async function readNetworkManagerLinks(view: GuestView): Promise<readonly SaidLink[]> {
  const files: string[] = [];
  for (const directory of DIRECTORIES)
    for (const { text } of await readFiles(view, directory, /^(?!\.).*[^~]$/)) files.push(text);
  return networkManagerLinks(files);
}

function networkManagerLinks(files: readonly string[]): readonly SaidLink[] {
  const profiles = files.map(parseIni);
  const names = new Map<string, string>();
  for (const ini of profiles) {
    const name = iniValue(ini, "connection", "interface-name");
    const uuid = iniValue(ini, "connection", "uuid");
    if (name !== undefined && uuid !== undefined) names.set(uuid, name);
  }
  const nameOf = (text: string): string => names.get(text) ?? text;
  return profiles.flatMap((ini) => profileOf(ini, nameOf));
}

function profileOf(ini: Ini, nameOf: (text: string) => string): readonly SaidLink[] {
  const of = (key: string): string | undefined => iniValue(ini, "connection", key);
  const cardMac = normalMac(
    iniValue(ini, "ethernet", "mac-address") ?? iniValue(ini, "802-3-ethernet", "mac-address"),
  );
  const name =
    of("interface-name") ?? (cardMac === null ? null : `card${cardMac.replaceAll(":", "").slice(-6)}`);
  if (name === null || /^(false|no|0|off)$/i.test(of("autoconnect") ?? "")) return [];
  const controller = of("controller") ?? of("master");
  const kind = kindOf(ini, { name, mac: cardMac, nameOf });
  if (kind === null) return [];
  const link: SaidLink = {
    name,
    kind,
    ip: controller === undefined ? addressingOf(ini) : { kind: "none" },
    mtu: mtuOf(iniValue(ini, "ethernet", "mtu") ?? iniValue(ini, "802-3-ethernet", "mtu")),
    dns: [...words(iniValue(ini, "ipv4", "dns")), ...words(iniValue(ini, "ipv6", "dns"))],
    search: words(iniValue(ini, "ipv4", "dns-search")),
  };
  if (controller === undefined) return [link];
  const above = nameOf(controller);
  const isBridge = (of("port-type") ?? of("slave-type")) === "bridge";
  return [
    link,
    isBridge
      ? { name: above, kind: { kind: "bridge", ports: [name] } }
      : // Its own profile says the mode, and is joined with this.
        { name: above, kind: { kind: "bond", mode: "", ports: [name] } },
  ];
}

function kindOf(
  ini: Ini,
  { name, mac, nameOf }: { name: string; mac: string | null; nameOf: (text: string) => string },
): LinkKind | null {
  switch (iniValue(ini, "connection", "type")) {
    case undefined:
    case "ethernet":
    case "802-3-ethernet":
      return { kind: "card", mac };
    case "bond":
      return { kind: "bond", mode: bondMode(iniValue(ini, "bond", "mode")), ports: [] };
    case "team":
      return { kind: "bond", mode: teamMode(iniValue(ini, "team", "config")), ports: [] };
    case "bridge":
      return { kind: "bridge", ports: [] };
    case "vlan": {
      const id = vlanId(iniValue(ini, "vlan", "id")) ?? vlanIdOfName(name);
      const parent = iniValue(ini, "vlan", "parent");
      return id === null || parent === undefined ? null : { kind: "vlan", id, on: nameOf(parent) };
    }
    default:
      return null;
  }
}

function addressingOf(ini: Ini): LinkAddressing {
  const addresses: string[] = [];
  const gateways: string[] = [];
  for (const { section, keys } of ini) {
    if (section !== "ipv4" && section !== "ipv6") continue;
    const never = isYes(keys.get("never-default")?.at(-1));
    for (const [key, [value = ""]] of keys) {
      if (/^address(es)?\d*$/.test(key)) {
        const [address = "", via = ""] = value.split(/[,;]/, 2); // address1=192.0.2.7/24,192.0.2.1
        addresses.push(address);
        if (!never) gateways.push(via);
      } else if (key === "gateway" && !never) gateways.push(value);
    }
  }
  const fixed = staticAddressing(addresses, gateways);
  if (fixed.kind === "static") return fixed;
  return (iniValue(ini, "ipv4", "method") ?? "auto") === "auto" ? { kind: "auto" } : fixed;
}
