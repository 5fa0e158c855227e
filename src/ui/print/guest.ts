// SPDX-License-Identifier: Apache-2.0
// The installed system as a person reads it, at 80 columns.
import { formatBytes, type GuestInterface, type GuestOS, type Kernel } from "../../core/index.ts";

function configOf({ configured }: GuestInterface): string {
  switch (configured.kind) {
    case "none":
      return "not configured";
    case "dhcp":
      return "DHCP";
    case "static":
      return `${configured.addresses.join(", ")}${configured.gateway === null ? "" : ` via ${configured.gateway}`}`;
    case "port":
      return `port of ${configured.of}`;
  }
}

function driversOf({ has }: Kernel): string {
  const missing = Object.entries(has).flatMap(([driver, place]) => (place === "absent" ? [driver] : []));
  return missing.length === 0 ? "all VM drivers" : `without ${missing.join(", ")}`;
}

export function printGuest(guest: GuestOS): string {
  const lines: [string, string][] = [
    ["System", `${guest.title} (${guest.arch})`],
    ["Host name", guest.hostname ?? "none"],
    ["Starts with", `${guest.init}, boot loader ${guest.loader}, ${guest.initramfsTool}`],
    ["Used", formatBytes(guest.usedBytes)],
  ];
  for (const kernel of guest.kernels)
    lines.push([
      "Kernel",
      `${kernel.version}${kernel.bootable ? "" : " (in no boot menu)"}: ${driversOf(kernel)}`,
    ]);
  for (const mount of guest.mounts)
    lines.push([
      "Mount",
      `${mount.path}  ${mount.spec}  ${mount.type}${mount.node === null ? "  (not here)" : ""}`,
    ]);
  for (const one of guest.network)
    lines.push(["Network", `${one.name}  ${one.mac ?? "any MAC"}  ${configOf(one)}`]);
  return lines.map(([head, text]) => `${head.padEnd(13)}${text}`.slice(0, 80).trimEnd()).join("\n");
}
