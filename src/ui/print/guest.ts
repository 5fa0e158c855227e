// SPDX-License-Identifier: Apache-2.0
// The installed system as a person reads it.
import {
  formatBytes,
  type GuestInterface,
  type GuestOS,
  type Kernel,
  type LinkAddressing,
  type Mount,
  type NetworkLink,
} from "../../core/index.ts";
import { plain } from "../text/plain.ts";
import { type Fact, factLines } from "../text/wrap.ts";

/** A system may have hundreds of each; the JSON has them all. */
const MAX_ROWS = 40;

/** Lines of at most `columns`, a new line at the end. */
export function printGuest(guest: GuestOS, { columns = 80 }: { columns?: number } = {}): string {
  const facts = [
    ...rows("System", [`${guest.title} (${guest.arch})`]),
    ...rows("Host name", [guest.hostname ?? "none set"]),
    ...rows("Starts with", [
      `${guest.loader}, then ${guest.init === "unknown" ? "an init that is not known" : guest.init}; initramfs by ${guest.initramfsTool}`,
    ]),
    ...rows("Used", [formatBytes(guest.usedBytes)]),
    ...rows("Kernels", guest.kernels.length === 0 ? ["none found"] : guest.kernels.map(kernelText)),
    ...rows("Mounts", mountTexts(guest.mounts)),
    ...rows(
      "Network",
      guest.network.length === 0
        ? ["no interface named"]
        : [...guest.network.map(interfaceText), ...(guest.layers ?? []).map(layerText)],
    ),
  ];
  return `${factLines(facts, columns).join("\n")}\n`;
}

/** The title beside the first row. */
function rows(title: string, texts: readonly string[]): readonly Fact[] {
  const shown = texts.slice(0, MAX_ROWS).map((text) => plain(text).replaceAll(/[\t\n]/g, "?"));
  if (texts.length > shown.length) shown.push(`and ${texts.length - shown.length} more`);
  return shown.map((text, index) => [index === 0 ? title : "", text]);
}

function kernelText({ version, initramfs, bootable, has }: Kernel): string {
  const places = Object.entries(has);
  const missing = places.flatMap(([driver, place]) => (place === "absent" ? [driver] : []));
  const lacks = missing.length === places.length ? "has no driver of a VM" : `lacks ${missing.join(", ")}`;
  const words = [
    bootable ? null : "in no boot menu",
    initramfs === null ? "no initramfs" : null,
    places.length === 0
      ? "its drivers are not known"
      : missing.length === 0
        ? "has all drivers of a VM"
        : lacks,
  ];
  return `${version}: ${words.filter((word) => word !== null).join("; ")}`;
}

function mountTexts(mounts: readonly Mount[]): readonly string[] {
  if (mounts.length === 0) return ["none in fstab"];
  const place = ({ path, type }: Mount): string => (type === "swap" ? "swap" : path);
  const width = Math.min(24, Math.max(...mounts.map((mount) => place(mount).length)));
  return mounts.map((mount) => {
    const type = mount.type === "swap" ? "" : `${mount.type} `;
    return `${place(mount).padEnd(width)}  ${type}${whereText(mount)}`;
  });
}

/** A UUID is said by the word alone: it fills half a line, and the JSON has it. */
function whereText({ spec, node }: Mount): string {
  if (node === null) {
    const isDisk = spec.startsWith("/dev/") || /^\w+=/.test(spec);
    return isDisk ? `${spec}, not on the given disks` : `from ${spec}`;
  }
  const volume = node.replace(/\/(?:fs|swap)$/, "");
  const [, link = ""] = /^\/dev\/disk\/by-(\w+)\//.exec(spec) ?? /^(\w+)=/.exec(spec) ?? [];
  return link === "" ? `on ${volume}, as ${spec}` : `on ${volume}, by ${link.toUpperCase()}`;
}

function interfaceText(one: GuestInterface): string {
  return `${one.name}  ${one.mac ?? "MAC not told"}  ${configText(one)}`;
}

/** What stands above the cards, down to what it stands on. */
function layerText({ name, kind, ip }: NetworkLink): string {
  const made =
    kind.kind === "vlan"
      ? `VLAN ${kind.id} on ${kind.on}`
      : kind.kind === "card"
        ? "card"
        : `${kind.kind === "bond" ? `bond ${kind.mode}` : "bridge"} of ${kind.ports.join(", ")}`;
  return `${name}  ${made}${ip.kind === "none" ? "" : `  ${addressText(ip)}`}`;
}

function addressText(ip: LinkAddressing): string {
  if (ip.kind !== "static") return ip.kind === "auto" ? "DHCP" : "";
  return `${ip.addresses.join(", ")}${ip.gateways.length === 0 ? "" : ` via ${ip.gateways.join(", ")}`}`;
}

function configText({ configured }: GuestInterface): string {
  switch (configured.kind) {
    case "none":
      return "not used at boot";
    case "dhcp":
      return "DHCP";
    case "static": {
      const { addresses, gateway } = configured;
      return `${addresses.join(", ")}${gateway === null ? "" : ` via ${gateway}`}`;
    }
    case "port":
      return `carries ${configured.of}`;
  }
}
