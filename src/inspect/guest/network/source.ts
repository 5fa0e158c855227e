// SPDX-License-Identifier: Apache-2.0
// What one source of network configuration says of an interface.
import type { GuestView, InterfaceConfig } from "../../../core/index.ts";

export type Finding = {
  readonly name: string;
  readonly mac: string | null;
  readonly from: string;
  /** null: this source names the interface without configuring it (a udev rule, a lease). */
  readonly configured: InterfaceConfig | null;
};

export type NetworkSource = { readonly name: string; read(view: GuestView): Promise<readonly Finding[]> };

/** Interfaces that are made by software are no NICs of a machine. */
export function isPhysicalName(name: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(name) &&
    !/^(lo|dummy|bond|br|virbr|docker|veth|tun|tap|ifb|sit|gre|wg|team|vlan|vmnet|vboxnet|cni|flannel|cali|bonding_masters)\d*$/.test(
      name,
    ) &&
    !/^(br-|vlan|docker|veth|virbr|tun|tap)/.test(name) &&
    !/[.]\d+$/.test(name)
  );
}

const MAX_FILES = 1000;

/** Files of a directory with one of the endings, with their text; unreadable and huge ones are left out. */
export async function readFiles(
  view: GuestView,
  directory: string,
  wanted: RegExp,
): Promise<readonly { path: string; name: string; text: string }[]> {
  const out: { path: string; name: string; text: string }[] = [];
  for (const name of (await view.list(directory)).filter((one) => wanted.test(one)).slice(0, MAX_FILES)) {
    const text = await view.readText(`${directory}/${name}`).catch((error: unknown) => {
      if (error instanceof RangeError) return null;
      throw error;
    });
    if (text !== null) out.push({ path: `${directory}/${name}`, name, text });
  }
  return out;
}

/** Sections of an INI-like file (NetworkManager keyfile, networkd unit); repeated keys keep every value. */
export function parseIni(text: string): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  let keys = new Map<string, string[]>();
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const section = /^\[([^\]]+)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      keys = sections.get(section) ?? new Map<string, string[]>();
      sections.set(section, keys);
      continue;
    }
    const at = line.indexOf("=");
    if (at === -1) continue;
    const key = line.slice(0, at).trim();
    keys.set(key, [...(keys.get(key) ?? []), line.slice(at + 1).trim()]);
  }
  return sections;
}

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

export function normalMac(text: string | null | undefined): string | null {
  const mac = (text ?? "").trim().replaceAll(/["']/g, "").toLowerCase().replaceAll("-", ":");
  return MAC.test(mac) ? mac : null;
}

/** Bits of 255.255.255.0, or of 24; null for nonsense. */
export function prefixOf(mask: string): number | null {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= 128 ? Number(mask) : null;
  const parts = mask.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255))
    return null;
  const bits = parts.map((part) => part.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : null;
}
