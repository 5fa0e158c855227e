// SPDX-License-Identifier: Apache-2.0
// ifcfg files of RHEL and SUSE.
import { bondMode, type GuestView, type LinkAddressing, type LinkKind } from "../../../../core/index.ts";
import { assignments } from "../ifcfg.ts";
import { cidrOf, isNo, isReachable, isYes, lowerOfVlan, normalMac, readFiles, readSmall } from "../source.ts";
import { mtuOf, type SaidLink, staticAddressing, teamMode, vlanId, vlanIdOfName, words } from "./links.ts";

const DIRECTORIES = ["/etc/sysconfig/network-scripts", "/etc/sysconfig/network"];

type Values = ReadonlyMap<string, string>;

export async function readIfcfgLinks(view: GuestView): Promise<readonly SaidLink[]> {
  const said: SaidLink[] = [];
  const gateway = assignments((await readSmall(view, "/etc/sysconfig/network")) ?? "").get("GATEWAY");
  for (const directory of DIRECTORIES)
    for (const { name, text } of await readFiles(view, directory, /^ifcfg-[^~]+$/))
      if (!/\.(bak|orig|rpmnew|rpmsave|rpmorig|old|save|scpmbackup)$/.test(name))
        said.push(...ifcfgLinks(text, { file: name, ...(gateway === undefined ? {} : { gateway }) }));
  return [...(await readModuleModes(view)), ...said];
}

/** Until RHEL 5 and SLES 9: `options bond0 mode=4 miimon=100` of modprobe.conf; `bonding` is for all that say nothing. */
async function readModuleModes(view: GuestView): Promise<readonly SaidLink[]> {
  const files = await readFiles(view, "/etc/modprobe.d", /^[^.].*[^~]$/);
  const texts = [...files.map(({ text }) => text), (await readSmall(view, "/etc/modprobe.conf")) ?? ""];
  return texts.flatMap((text) =>
    [...text.matchAll(/^[ \t]*options[ \t]+(bond\d{1,3})[ \t][^\n]{0,400}?\bmode=([\w.-]{1,20})/gm)]
      .slice(0, 64)
      .map(([, name = "", mode]) => ({
        name,
        kind: { kind: "bond", mode: bondMode(mode), ports: [] } as const,
      })),
  );
}

function ifcfgLinks(
  text: string,
  { file, gateway }: { file: string; gateway?: string },
): readonly SaidLink[] {
  const values = assignments(text);
  const [name = ""] = (values.get("DEVICE") ?? file.slice("ifcfg-".length)).split(":");
  const link: SaidLink = {
    name,
    kind: kindOf(name, values, text),
    ip: addressingOf(values, gateway),
    mtu: mtuOf(values.get("MTU")),
    dns: [...values].flatMap(([key, value]) => (/^DNS\d$/.test(key) ? [value] : [])),
    search: words(values.get("DOMAIN")),
  };
  const bond = values.get("MASTER") ?? values.get("TEAM_MASTER");
  const bridge = values.get("BRIDGE");
  return [
    link,
    ...(bond === undefined ? [] : [{ name: bond, kind: { kind: "bond", mode: "", ports: [name] } as const }]),
    ...(bridge === undefined || isYes(bridge)
      ? []
      : [{ name: bridge, kind: { kind: "bridge", ports: [name] } as const }]),
  ];
}

function kindOf(name: string, values: Values, text: string): LinkKind {
  const type = (values.get("TYPE") ?? "").toLowerCase();
  const options = values.get("BONDING_OPTS") ?? values.get("BONDING_MODULE_OPTS");
  const numbered = [...values].flatMap(([key, port]) => (/^BONDING_SLAVE_?\d+$/.test(key) ? [port] : []));
  if (type === "bond" || options !== undefined || isYes(values.get("BONDING_MASTER")))
    return { kind: "bond", mode: bondMode(/\bmode=(\S+)/.exec(options ?? "")?.[1]), ports: numbered };
  if (/^team$/i.test(values.get("DEVICETYPE") ?? "") || values.has("TEAM_CONFIG"))
    return { kind: "bond", mode: teamMode(/^\s*TEAM_CONFIG=(.{0,4096})/m.exec(text)?.[1]), ports: [] };
  if (type === "bridge" || isYes(values.get("BRIDGE")))
    return { kind: "bridge", ports: words(values.get("BRIDGE_PORTS")) };
  const on = values.get("PHYSDEV") ?? values.get("ETHERDEVICE") ?? lowerOfVlan(name);
  const id = vlanId(values.get("VLAN_ID")) ?? vlanIdOfName(name);
  if (
    (isYes(values.get("VLAN")) || type === "vlan" || values.has("ETHERDEVICE")) &&
    on !== null &&
    id !== null
  )
    return { kind: "vlan", id, on };
  return { kind: "card", mac: normalMac(values.get("HWADDR")) };
}

function addressingOf(values: Values, common: string | undefined): LinkAddressing {
  if (/^(no|false|0|off)$/i.test(values.get("ONBOOT") ?? "")) return { kind: "none" };
  if (/^(off|manual)$/i.test(values.get("STARTMODE") ?? "")) return { kind: "none" };
  const addresses: string[] = [];
  for (const [key, address] of values) {
    const index = /^IPADDR(\d*|_\w+)$/.exec(key)?.[1];
    if (index === undefined) continue;
    const mask = [`PREFIX${index}`, `PREFIXLEN${index}`, `NETMASK${index}`, "PREFIX", "NETMASK"]
      .map((one) => values.get(one))
      .find((one) => one !== undefined);
    addresses.push(...[cidrOf(address, mask ?? "")].filter((one) => one !== null));
  }
  if (isYes(values.get("IPV6INIT"))) addresses.push(values.get("IPV6ADDR") ?? "");
  const near = common !== undefined && isReachable(common, addresses) ? common : undefined;
  const own = isNo(values.get("DEFROUTE"))
    ? undefined
    : (values.get("GATEWAY") ?? values.get("GATEWAY0") ?? near);
  const fixed = staticAddressing(addresses, [own, values.get("IPV6_DEFAULTGW")]);
  if (fixed.kind === "static") return fixed;
  return /^dhcp/i.test(values.get("BOOTPROTO") ?? "") ? { kind: "auto" } : fixed;
}
