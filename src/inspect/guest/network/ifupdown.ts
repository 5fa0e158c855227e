// SPDX-License-Identifier: Apache-2.0
// Debian's /etc/network/interfaces (interfaces(5)), with source and source-directory.
import type { GuestView, InterfaceConfig } from "../../../core/index.ts";
import {
  type Finding,
  isPhysicalName,
  type NetworkSource,
  normalMac,
  prefixOf,
  readFiles,
} from "./source.ts";

type Stanza = {
  readonly name: string;
  readonly family: string;
  readonly method: string;
  readonly options: ReadonlyMap<string, string>;
  readonly from: string;
};

const MAX_FILES = 200;

export const ifupdown: NetworkSource = {
  name: "ifupdown",
  async read(view) {
    const stanzas = await readStanzas(view, "/etc/network/interfaces", { left: MAX_FILES });
    return findingsOf(stanzas);
  },
};

async function readStanzas(view: GuestView, path: string, budget: { left: number }): Promise<Stanza[]> {
  budget.left -= 1;
  if (budget.left < 0) return [];
  const text = await view.readText(path).catch(() => null);
  if (text === null) return [];
  const out = parseInterfaces(text, path);
  for (const { keyword, pattern } of parseSources(text)) {
    const absolute = pattern.startsWith("/") ? pattern : `/etc/network/${pattern}`;
    const slash = absolute.lastIndexOf("/");
    const [directory, name] =
      keyword === "source-directory"
        ? [absolute, /^[A-Za-z0-9_-]+$/]
        : [absolute.slice(0, slash), glob(absolute.slice(slash + 1))];
    for (const file of await readFiles(view, directory, name))
      if (file.path !== path) out.push(...(await readStanzas(view, file.path, budget)));
  }
  return out;
}

function glob(pattern: string): RegExp {
  const escaped = pattern
    .slice(0, 200)
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/\*+/g, "[^/]*")
    .replaceAll("?", "[^/]");
  return new RegExp(`^${escaped}$`);
}

function logicalLines(text: string): string[] {
  return text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function parseSources(text: string): { keyword: string; pattern: string }[] {
  return logicalLines(text).flatMap((line) => {
    const match = /^(source|source-directory)\s+(\S+)$/.exec(line);
    return match === null ? [] : [{ keyword: match[1] ?? "", pattern: match[2] ?? "" }];
  });
}

export function parseInterfaces(text: string, from: string): Stanza[] {
  const stanzas: {
    name: string;
    family: string;
    method: string;
    options: Map<string, string>;
    from: string;
  }[] = [];
  let open: (typeof stanzas)[number] | null = null;
  for (const line of logicalLines(text)) {
    const [keyword = "", ...words] = line.split(/\s+/);
    if (keyword === "iface") {
      const [name = "", family = "", method = ""] = words;
      open = { name, family, method, options: new Map(), from };
      stanzas.push(open);
    } else if (
      keyword === "auto" ||
      keyword.startsWith("allow-") ||
      keyword === "mapping" ||
      keyword.startsWith("source")
    ) {
      open = null;
      // An interface that is only brought up, with no stanza of its own, is still one of the machine.
      if (keyword === "auto" || keyword === "allow-hotplug")
        for (const name of words)
          stanzas.push({ name, family: "", method: "named", options: new Map(), from });
    } else open?.options.set(keyword.replaceAll("_", "-"), words.join(" "));
  }
  return stanzas;
}

function findingsOf(stanzas: readonly Stanza[]): Finding[] {
  const ports = portsOf(stanzas);
  const found: Finding[] = [];
  for (const stanza of stanzas) {
    const name = stanza.name.split(":")[0] ?? "";
    if (!isPhysicalName(name) || isVirtual(stanza)) continue;
    const of = ports.get(name);
    const configured: InterfaceConfig | null = of === undefined ? configOf(stanza) : { kind: "port", of };
    const mac = normalMac((stanza.options.get("hwaddress") ?? "").replace(/^ether\s+/, ""));
    found.push({ name, mac, from: stanza.from, configured });
  }
  for (const [name, of] of ports)
    if (isPhysicalName(name) && !found.some((one) => one.name === name))
      found.push({ name, mac: null, from: "/etc/network/interfaces", configured: { kind: "port", of } });
  return found;
}

const VIRTUAL_KEYS = ["bridge-ports", "bond-slaves", "slaves", "vlan-raw-device", "pre-up ip link add"];

function isVirtual({ options }: Stanza): boolean {
  return VIRTUAL_KEYS.some((key) => options.has(key));
}

/** Interfaces that serve a bond, a bridge or a VLAN, and which. */
function portsOf(stanzas: readonly Stanza[]): ReadonlyMap<string, string> {
  const ports = new Map<string, string>();
  for (const { name, options } of stanzas) {
    for (const key of ["bridge-ports", "bond-slaves", "slaves", "vlan-raw-device"])
      for (const port of (options.get(key) ?? "").split(/\s+/))
        if (isPhysicalName(port) && port !== "none" && port !== "all") ports.set(port, name);
    const master = options.get("bond-master");
    if (master !== undefined) ports.set(name, master);
  }
  return ports;
}

function configOf({ method, options }: Stanza): InterfaceConfig | null {
  switch (method) {
    case "dhcp":
      return { kind: "dhcp" };
    case "static": {
      const address = options.get("address") ?? "";
      const prefix = address.includes("/") ? null : prefixOf(options.get("netmask") ?? "");
      const cidr = address.includes("/") || prefix === null ? address : `${address}/${prefix}`;
      return {
        kind: "static",
        addresses: cidr === "" ? [] : [cidr],
        gateway: options.get("gateway") ?? null,
      };
    }
    case "manual":
      return { kind: "none" };
    default:
      return null;
  }
}
