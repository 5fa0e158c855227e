// SPDX-License-Identifier: Apache-2.0
// /etc/network/interfaces of Debian's ifupdown (interfaces(5)) and Alpine's ifupdown-ng, with source and source-directory.
import { type GuestView, type InterfaceConfig, patternOf } from "../../../core/index.ts";
import {
  cidrOf,
  type Found,
  lowerOfVlan,
  type Made,
  namesIn,
  type NetworkSource,
  normalMac,
  readSmall,
  type Sighting,
  sighting,
  staticOf,
} from "./source.ts";

export type Stanza = {
  readonly name: string;
  readonly family: string;
  readonly method: string;
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly from: string;
};

/** `started`: names, or patterns behind a `/`, of auto and allow-hotplug lines. */
export type Interfaces = {
  readonly stanzas: readonly Stanza[];
  readonly started: readonly { readonly name: string; readonly from: string }[];
};

const MAX_FILES = 200;
const MAIN = "/etc/network/interfaces";

export const ifupdown: NetworkSource = {
  name: "ifupdown",
  read: async (view) => findInterfaces(await readInterfaces(view)),
};

/** All files together. */
export async function readInterfaces(view: GuestView): Promise<Interfaces> {
  const files: Interfaces[] = [];
  await readInto(view, MAIN, files, new Set());
  return {
    stanzas: files.flatMap((one) => one.stanzas),
    started: files.flatMap((one) => one.started),
  };
}

async function readInto(view: GuestView, path: string, into: Interfaces[], seen: Set<string>): Promise<void> {
  if (seen.has(path) || seen.size >= MAX_FILES) return;
  seen.add(path);
  const text = await readSmall(view, path);
  if (text === null) return;
  into.push(parseInterfaces(text, path));
  for (const { keyword, pattern } of parseSources(text)) {
    const absolute = pattern.startsWith("/") ? pattern : `/etc/network/${pattern}`;
    const isWhole = keyword === "source-directory" || (await namesIn(view, absolute)).length > 0;
    const slash = absolute.lastIndexOf("/");
    const directory = isWhole ? absolute.replace(/\/+$/, "") : absolute.slice(0, slash);
    const wanted = isWhole ? /^[A-Za-z0-9_-]+$/ : patternOf(absolute.slice(slash + 1));
    for (const name of await namesIn(view, directory))
      if (wanted.test(name) && !name.startsWith("."))
        await readInto(view, `${directory}/${name}`, into, seen);
  }
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
    const [keyword = "", ...patterns] = line.split(/\s+/, 20);
    if (keyword !== "source" && keyword !== "source-directory") return [];
    return patterns.map((pattern) => ({ keyword, pattern: pattern.slice(0, 1000) }));
  });
}

export function parseInterfaces(text: string, from: string): Interfaces {
  const stanzas: Stanza[] = [];
  const started: { name: string; from: string }[] = [];
  let open: Map<string, string[]> | null = null;
  for (const line of logicalLines(text)) {
    const [keyword = "", ...words] = line.split(/\s+/);
    if (keyword === "iface") {
      const [name = "", family = "", method = ""] = words;
      open = new Map();
      stanzas.push({ name, family, method, options: open, from });
    } else if (/^(auto|allow-.*|no-auto-down|no-scripts|rename|mapping|template|source.*)$/.test(keyword)) {
      open = null;
      if (/^(auto|allow-auto|allow-hotplug)$/.test(keyword))
        for (const name of words.slice(0, 1000)) started.push({ name, from });
    } else if (open !== null) {
      const key = keyword.replaceAll("_", "-");
      const values = open.get(key) ?? [];
      values.push(words.join(" "));
      open.set(key, values);
    }
  }
  return { stanzas, started };
}

/** Options that name the ports of the interface whose stanza it is. */
const PORT_KEYS = ["bridge-ports", "bond-slaves", "slaves", "bond-members"];

export function portsOf({ options }: Stanza): readonly string[] {
  return PORT_KEYS.flatMap((key) => (options.get(key) ?? []).flatMap((value) => value.split(/\s+/))).filter(
    (port) => port !== "" && port !== "none" && port !== "all",
  );
}

/** What the stanzas make by software, and of which interfaces. */
function madeBy(stanza: Stanza): Made[] {
  const { name, options, from } = stanza;
  const out: Made[] = [];
  if ([...PORT_KEYS, "bond-mode"].some((key) => options.has(key)))
    out.push({ name, from, ports: portsOf(stanza), sharing: false });
  const lower = options.get("vlan-raw-device")?.[0] ?? lowerOfVlan(name);
  if (lower !== null) out.push({ name, from, ports: [lower], sharing: true });
  for (const key of ["bond-master", "bond-primary-master"])
    for (const master of options.get(key) ?? [])
      out.push({ name: master, from, ports: [name], sharing: false });
  return out;
}

/** Is an interface brought up at boot? */
export function starter({ started }: Pick<Interfaces, "started">): (name: string) => boolean {
  const patterns = started.filter(({ name }) => name.startsWith("/")).map(({ name }) => startPattern(name));
  const names = new Set(started.map(({ name }) => name));
  return (name) => names.has(name) || patterns.some((pattern) => pattern.test(name));
}

export function findInterfaces({ stanzas, started }: Interfaces): Found {
  const starts = starter({ started });
  const sightings: Sighting[] = [];
  for (const stanza of stanzas) {
    const name = stanza.name.split(":")[0] ?? "";
    const isStarted = starts(stanza.name) || starts(name);
    const configured = isStarted ? configOf(stanza) : { kind: "none" as const };
    const address = (stanza.options.get("hwaddress")?.[0] ?? "").replace(/^ether\s+/, "");
    const physical = isStarted ? [] : physicalOf(stanza.name, started);
    for (const { card, pattern } of physical)
      sightings.push(sighting({ name: card, pattern, from: stanza.from, configured: configOf(stanza) }));
    if (physical.length > 0) continue;
    // `hwaddress` sets an address, it is not the card's own; but the VM's card may as well have it.
    sightings.push(sighting({ name, mac: normalMac(address), how: "sets", from: stanza.from, configured }));
  }
  // Brought up with no stanza of its own: still an interface of the machine.
  for (const { name, from } of started)
    if (!/^\/|=/.test(name)) sightings.push(sighting({ name: name.split(":")[0] ?? name, from }));
  return { sightings, made: stanzas.flatMap(madeBy) };
}

type Physical = { readonly card: string | null; readonly pattern: string };

/** `auto eth0=lan`, `allow-hotplug /en*=lan`: the stanza `lan` is for these cards, and no card is called so. */
function physicalOf(logical: string, started: Interfaces["started"]): readonly Physical[] {
  return started.flatMap(({ name }): readonly Physical[] => {
    const [card = "", of] = name.split("=");
    if (of !== logical) return [];
    return card.startsWith("/")
      ? [{ card: null, pattern: card.split("/").at(-1) ?? "*" }]
      : [{ card, pattern: "*" }];
  });
}

/** `auto /eth*`, `allow-hotplug /en*=lan` (ifupdown 0.8.36): a pattern behind a slash. */
function startPattern(text: string): RegExp {
  return patternOf(text.slice(1).split("=")[0]?.split("/").at(-1) ?? "");
}

function configOf({ family, method, options }: Stanza): InterfaceConfig | null {
  const mask = options.get("netmask")?.[0] ?? "";
  const addresses = (options.get("address") ?? []).map((address) => cidrOf(address, mask));
  const uses = options.get("use")?.join(" ") ?? "";
  if (method === "dhcp" || /\bdhcp\b/.test(uses)) return family === "inet6" ? null : { kind: "dhcp" };
  // ifupdown-ng needs no method: an address says it.
  if (method === "static" || method === "")
    return staticOf(addresses, options.get("gateway") ?? []) ?? (method === "" ? { kind: "none" } : null);
  return method === "manual" ? { kind: "none" } : null;
}
