// SPDX-License-Identifier: Apache-2.0
// systemd-networkd: systemd.network(5), systemd.netdev(5).
import { bondMode, type GuestView, type LinkAddressing } from "../../../../core/index.ts";
import { type Ini, iniValue, iniValues, normalMac, parseIni, readFiles } from "../source.ts";
import { mtuOf, type SaidLink, staticAddressing, vlanId, words } from "./links.ts";

const DIRECTORIES = ["/etc/systemd/network", "/run/systemd/network"];

export async function readNetworkdLinks(view: GuestView): Promise<readonly SaidLink[]> {
  const texts = new Map<string, string>();
  for (const directory of DIRECTORIES)
    for (const { name, text } of await readFiles(view, directory, /\.(network|netdev)$/))
      if (!texts.has(name)) texts.set(name, text); // /etc hides /run
  return networkdLinks([...texts].map(([name, text]) => ({ name, text })));
}

function networkdLinks(
  files: readonly { readonly name: string; readonly text: string }[],
): readonly SaidLink[] {
  const units = files.map(({ name, text }) => ({ name, ini: parseIni(text) }));
  const devices = new Map<string, Ini>();
  for (const { name, ini } of units) {
    const device = iniValue(ini, "NetDev", "Name");
    if (name.endsWith(".netdev") && device !== undefined) devices.set(device, ini);
  }
  const said: SaidLink[] = [...devices].map(([name, ini]) => deviceOf(name, ini));
  for (const { name, ini } of units) if (name.endsWith(".network")) said.push(...networkOf(ini, devices));
  return said;
}

function deviceOf(name: string, ini: Ini): SaidLink {
  const kind = iniValue(ini, "NetDev", "Kind");
  const mtu = mtuOf(iniValue(ini, "NetDev", "MTUBytes"));
  if (kind === "bond")
    return { name, mtu, kind: { kind: "bond", mode: bondMode(iniValue(ini, "Bond", "Mode")), ports: [] } };
  return kind === "bridge" ? { name, mtu, kind: { kind: "bridge", ports: [] } } : { name, mtu };
}

function networkOf(ini: Ini, devices: ReadonlyMap<string, Ini>): readonly SaidLink[] {
  const [macText] = words(
    iniValue(ini, "Match", "MACAddress") ?? iniValue(ini, "Match", "PermanentMACAddress") ?? "",
  );
  const mac = normalMac(macText);
  const named = words(iniValues(ini, "Match", "Name").join(" ")).filter((name) => !/^!|[*?[]/.test(name));
  // A file for one card by its address names none: it gets a name of its own.
  const names = named.length > 0 ? named : mac === null ? [] : [`card${mac.replaceAll(":", "").slice(-6)}`];
  return names.flatMap((name) => {
    const own: SaidLink = {
      name,
      ...(devices.has(name) ? {} : { kind: { kind: "card", mac: names.length === 1 ? mac : null } as const }),
      ip: addressingOf(ini),
      mtu: mtuOf(iniValue(ini, "Link", "MTUBytes")),
      dns: words(iniValues(ini, "Network", "DNS").join(" ")),
      search: words(iniValues(ini, "Network", "Domains").join(" ")).map((one) => one.replace(/^~?\.?/, "")),
    };
    const above: SaidLink[] = [];
    for (const vlan of iniValues(ini, "Network", "VLAN")) {
      const id = vlanId(iniValue(devices.get(vlan) ?? [], "VLAN", "Id"));
      if (id !== null) above.push({ name: vlan, kind: { kind: "vlan", id, on: name } });
    }
    const bond = iniValue(ini, "Network", "Bond");
    const mode = bondMode(iniValue(devices.get(bond ?? "") ?? [], "Bond", "Mode"));
    if (bond !== undefined) above.push({ name: bond, kind: { kind: "bond", mode, ports: [name] } });
    const bridge = iniValue(ini, "Network", "Bridge");
    if (bridge !== undefined) above.push({ name: bridge, kind: { kind: "bridge", ports: [name] } });
    return [own, ...above];
  });
}

function addressingOf(ini: Ini): LinkAddressing {
  const fixed = staticAddressing(
    [...iniValues(ini, "Network", "Address"), ...iniValues(ini, "Address", "Address")],
    [...iniValues(ini, "Network", "Gateway"), ...iniValues(ini, "Route", "Gateway")],
  );
  if (fixed.kind === "static") return fixed;
  return /^(yes|true|ipv4|ipv6|v4|v6|both|1|on)$/i.test(iniValue(ini, "Network", "DHCP") ?? "")
    ? { kind: "auto" }
    : fixed;
}
