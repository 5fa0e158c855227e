// SPDX-License-Identifier: Apache-2.0
// A setup as files of systemd-networkd (systemd.network(5), systemd.netdev(5)). Pure.
import { type LinkAddressing, type NetworkSetup, UserError } from "../core/index.ts";
import type { PlacedLink } from "./place.ts";

export type NetworkFile = { readonly name: string; readonly text: string };

/** Files begin with this: before the live system's own (80-p2v-dhcp.network), and known as ours. */
export const FILE_PREFIX = "10-p2v-";

/** UserError where a link stands on nothing. Addresses were checked where they were read or typed. */
export function renderNetworkd(
  links: readonly PlacedLink[],
  { dns, search }: Pick<NetworkSetup, "dns" | "search">,
): readonly NetworkFile[] {
  const deviceOf = (name: string): string => {
    const device = links.find((link) => link.name === name)?.device ?? null;
    if (device !== null) return device;
    throw new UserError("network-card-missing", `No network card of this machine is ${name}`, {
      advice: "Choose its port, or leave it out",
    });
  };
  const files: NetworkFile[] = [];
  for (const link of links) {
    const device = deviceOf(link.name);
    const netdev = renderDevice(link, links);
    if (netdev !== null) files.push({ name: `${FILE_PREFIX}${device}.netdev`, text: netdev });
    const lines = ["[Match]", `Name=${device}`, "", "[Link]", "RequiredForOnline=no"];
    if (link.mtu !== null) lines.push(`MTUBytes=${link.mtu}`);
    lines.push("", "[Network]", ...above(link.name, links), ...addressing(link.ip), ...QUIET);
    if (link.ip.kind !== "none") {
      lines.push(...dns.map((address) => `DNS=${address}`));
      if (search.length > 0) lines.push(`Domains=${search.join(" ")}`);
    }
    if (link.ip.kind === "auto") lines.push("", "[DHCPv4]", "ClientIdentifier=mac", "UseHostname=no");
    files.push({ name: `${FILE_PREFIX}${device}.network`, text: `${lines.join("\n")}\n` });
  }
  // Ports that the setup does not name stay silent: a second default route would be one too many.
  if (links.length > 0)
    files.push({
      name: `${FILE_PREFIX}zz-others.network`,
      text: "[Match]\nType=ether\nKind=!*\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nDHCP=no\nIPv6AcceptRA=no\nLinkLocalAddressing=no\n",
    });
  return files;
}

const QUIET = ["LLMNR=no", "MulticastDNS=no"];

function renderDevice({ name, kind }: PlacedLink, links: readonly PlacedLink[]): string | null {
  switch (kind.kind) {
    case "card":
      return null;
    case "vlan":
      return `[NetDev]\nName=${name}\nKind=vlan\n\n[VLAN]\nId=${kind.id}\n`;
    case "bond":
      return `[NetDev]\nName=${name}\nKind=bond\n\n[Bond]\nMode=${kind.mode}\nMIIMonitorSec=100ms\n`;
    case "bridge": {
      // A switch may know the machine by its card: the bridge speaks with that address.
      const port = links.find((link) => link.name === kind.ports[0]);
      const mac = port?.kind.kind === "card" ? port.kind.mac : null;
      const own = mac === null ? "" : `MACAddress=${mac}\n`;
      return `[NetDev]\nName=${name}\nKind=bridge\n${own}\n[Bridge]\nSTP=no\nForwardDelaySec=0\n`;
    }
  }
}

/** What stands on this link. */
function above(name: string, links: readonly PlacedLink[]): readonly string[] {
  return links.flatMap(({ name: upper, kind }) => {
    if (kind.kind === "vlan" && kind.on === name) return [`VLAN=${upper}`];
    if (kind.kind === "bond" && kind.ports.includes(name)) return [`Bond=${upper}`];
    return kind.kind === "bridge" && kind.ports.includes(name) ? [`Bridge=${upper}`] : [];
  });
}

function addressing(ip: LinkAddressing): readonly string[] {
  switch (ip.kind) {
    case "none":
      return ["DHCP=no", "IPv6AcceptRA=no", "LinkLocalAddressing=no"];
    case "auto":
      return ["DHCP=yes", "IPv6AcceptRA=yes", "LinkLocalAddressing=ipv6"];
    case "static":
      return [
        "DHCP=no",
        // A gateway of IPv6 may be told by the router alone.
        `IPv6AcceptRA=${ip.addresses.some((one) => one.includes(":")) ? "yes" : "no"}`,
        "LinkLocalAddressing=ipv6",
        ...ip.addresses.map((address) => `Address=${address}`),
        ...ip.gateways.map((gateway) => `Gateway=${gateway}`),
      ];
  }
}
