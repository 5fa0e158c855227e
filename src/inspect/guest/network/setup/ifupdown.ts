// SPDX-License-Identifier: Apache-2.0
// ifupdown (interfaces(5)), with the options of ifenslave, bridge-utils, vlan and resolvconf.
import { bondMode, type GuestView, type LinkAddressing, type LinkKind } from "../../../../core/index.ts";
import { type Interfaces, portsOf, readInterfaces, type Stanza, starter } from "../ifupdown.ts";
import { cidrOf, lowerOfVlan, normalMac } from "../source.ts";
import { mtuOf, type SaidLink, staticAddressing, vlanId, vlanIdOfName, words } from "./links.ts";

export async function readIfupdownLinks(view: GuestView): Promise<readonly SaidLink[]> {
  return ifupdownLinks(await readInterfaces(view));
}

function ifupdownLinks(interfaces: Interfaces): readonly SaidLink[] {
  const starts = starter(interfaces);
  return interfaces.stanzas.flatMap((stanza) => {
    const name = stanza.name.split(":")[0] ?? "";
    const { options } = stanza;
    const one = (key: string): string | undefined => options.get(key)?.[0];
    const link: SaidLink = {
      name,
      kind: kindOf(name, stanza),
      ip: starts(stanza.name) || starts(name) ? addressingOf(stanza) : { kind: "none" },
      mtu: mtuOf(one("mtu")),
      dns: words(options.get("dns-nameservers")?.join(" ")),
      search: words(options.get("dns-search")?.join(" ")),
    };
    // The port may name its bond, instead of the other way round.
    const bond = one("bond-master");
    if (bond === undefined) return [link];
    const mode = one("bond-mode");
    const kind = { kind: "bond", mode: mode === undefined ? "" : bondMode(mode), ports: [name] } as const;
    return [link, { name: bond, kind }];
  });
}

function kindOf(name: string, stanza: Stanza): LinkKind {
  const { options } = stanza;
  const one = (key: string): string | undefined => options.get(key)?.[0];
  if (options.has("bridge-ports")) return { kind: "bridge", ports: portsOf(stanza) };
  if (options.has("bond-slaves") || options.has("slaves") || options.has("bond-mode"))
    if (!options.has("bond-master"))
      return { kind: "bond", mode: bondMode(one("bond-mode")), ports: portsOf(stanza) };
  const on = one("vlan-raw-device") ?? lowerOfVlan(name);
  const id = vlanId(one("vlan-id")) ?? vlanIdOfName(name);
  if (on !== null && id !== null) return { kind: "vlan", id, on };
  return { kind: "card", mac: normalMac((one("hwaddress") ?? "").replace(/^ether\s+/, "")) };
}

function addressingOf({ family, method, options }: Stanza): LinkAddressing {
  if (method === "dhcp" || method === "auto" || /\bdhcp\b/.test(options.get("use")?.join(" ") ?? ""))
    return family === "inet6" && method === "auto" ? { kind: "none" } : { kind: "auto" };
  if (method !== "static" && method !== "") return { kind: "none" };
  const mask = options.get("netmask")?.[0] ?? "";
  const addresses = (options.get("address") ?? []).flatMap((address) => cidrOf(address, mask) ?? []);
  return staticAddressing(addresses, options.get("gateway") ?? []);
}
