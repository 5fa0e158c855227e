// SPDX-License-Identifier: Apache-2.0
// Links and ports in a line each. Pure.
import type { LinkAddressing, NetworkLink, NetworkSetup, Nic } from "../../core/index.ts";

export function summary({ links, dns }: NetworkSetup): string {
  const lines = links.map((link) => `  ${link.name.padEnd(10)} ${linkText(link, [])}`);
  return [...lines, ...(dns.length === 0 ? [] : [`  DNS        ${dns.join(" ")}`])].join("\n");
}

export function linkText({ kind, ip, mtu }: NetworkLink, nics: readonly Nic[]): string {
  const address = addressText(ip);
  return [
    kindText(kind, nics),
    ...(address === "" ? [] : [address]),
    ...(mtu === null ? [] : [`MTU ${mtu}`]),
  ].join(", ");
}

function kindText(kind: NetworkLink["kind"], nics: readonly Nic[]): string {
  switch (kind.kind) {
    case "card": {
      const nic = nics.find(({ mac }) => mac === kind.mac);
      if (nic !== undefined) return `port ${nic.name}`;
      return nics.length === 0 ? `card ${kind.mac ?? ""}`.trim() : "which port is not known: choose it";
    }
    case "vlan":
      return `VLAN ${kind.id} on ${kind.on}`;
    case "bond":
      return `bond ${kind.mode} of ${kind.ports.join(" ")}`;
    case "bridge":
      return `bridge of ${kind.ports.join(" ")}`;
  }
}

function addressText(ip: LinkAddressing): string {
  if (ip.kind === "none") return "";
  if (ip.kind === "auto") return "auto";
  return `${ip.addresses.join(" ")}${ip.gateways.length === 0 ? "" : ` via ${ip.gateways.join(" ")}`}`;
}

export function portText({ name, mac, driver, carrier, speedMbit }: Nic): string {
  const link =
    carrier === true
      ? `link${speedMbit === null ? "" : ` ${speedMbit} Mbit/s`}`
      : carrier === false
        ? "no link"
        : "link not known";
  return `${name.padEnd(10)} ${mac}  ${driver ?? "no driver"}, ${link}`;
}
