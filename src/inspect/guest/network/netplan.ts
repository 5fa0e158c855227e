// SPDX-License-Identifier: Apache-2.0
// netplan(5): YAML below /etc/netplan and its like, all files laid over each other in the order of their names.
import { parse } from "yaml";
import type { GuestView, InterfaceConfig } from "../../../core/index.ts";
import { driverCondition } from "./conditions.ts";
import {
  cidrOf,
  type Found,
  type Made,
  type NetworkSource,
  NOTHING,
  normalMac,
  readFiles,
  type Sighting,
  sighting,
  staticOf,
} from "./source.ts";

const DIRECTORIES = ["/usr/lib/netplan", "/lib/netplan", "/etc/netplan", "/run/netplan"];

export const netplan: NetworkSource = { name: "netplan", read: readNetplan };

async function readNetplan(view: GuestView): Promise<Found> {
  const files = await readNetplanFiles(view);
  return files.length === 0 ? NOTHING : findNetplan(files);
}

/** In the order in which they lie over each other. */
export async function readNetplanFiles(
  view: GuestView,
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const byName = new Map<string, { path: string; text: string }>();
  // A file in a later directory hides the one of the same name in an earlier one.
  for (const directory of DIRECTORIES)
    for (const { name, path, text } of await readFiles(view, directory, /\.yaml$/))
      byName.set(name, { path, text });
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, file]) => file)
    .slice(0, 20);
}

export type Tree = Map<string, unknown>;
/** One definition, all files together. */
export type Definition = { readonly id: string; readonly tree: Tree; readonly from: string };

export const asTree = (value: unknown): Tree =>
  value instanceof Map ? new Map(value) : new Map<string, unknown>();
export const asText = (value: unknown): string | null => (typeof value === "string" ? value : null);
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, 1000) : []);
export const asTexts = (value: unknown): readonly string[] =>
  asList(value).filter((one) => typeof one === "string");

/** The parser's time grows with the square of a hostile text: 256 KiB of commas take it 47 s, 32 KiB under 1 s. */
const MAX_YAML = 32 * 1024;

const YAML = {
  maxAliasCount: 20,
  logLevel: "silent",
  mapAsMap: true, // a key may be `__proto__`
  uniqueKeys: false,
  prettyErrors: false,
} as const;

/** A survey has `***` in place of each secret, which YAML takes for an alias without a name. */
const MASKED = /(:[ \t]+)(\*{3,})[ \t]*$/gm;

/** A file that is not YAML is one that netplan could not read either. */
export function parseNetplan(text: string): Tree {
  if (text.length > MAX_YAML) return new Map();
  try {
    const document: unknown = parse(text.replaceAll(MASKED, '$1"$2"'), YAML);
    return asTree(asTree(document).get("network"));
  } catch {
    return new Map();
  }
}

export function definitionsOf(
  files: readonly { readonly path: string; readonly tree: Tree }[],
  kind: string,
): readonly Definition[] {
  const all = new Map<string, Definition>();
  for (const { path, tree } of files)
    for (const [id, value] of asTree(tree.get(kind))) {
      if (typeof id !== "string" || (id === "renderer" && !(value instanceof Map))) continue;
      all.set(id, { id, tree: layOver(all.get(id)?.tree ?? new Map(), asTree(value)), from: path });
    }
  return [...all.values()].slice(0, 1000);
}

/** Lists grow, maps are merged one level deep (match, dhcp4-overrides), all else is replaced. */
function layOver(below: Tree, above: Tree): Tree {
  const out = new Map(below);
  for (const [key, value] of above) {
    const old = out.get(key);
    if (Array.isArray(old) && Array.isArray(value)) out.set(key, [...old, ...value]);
    else if (old instanceof Map && value instanceof Map) out.set(key, new Map([...old, ...value]));
    else out.set(key, value);
  }
  return out;
}

export function findNetplan(given: readonly { readonly path: string; readonly text: string }[]): Found {
  const files = given.map(({ path, text }) => ({ path, tree: parseNetplan(text) }));
  const sightings: Sighting[] = [];
  const named = new Map<string, string>();
  for (const definition of definitionsOf(files, "ethernets")) {
    const one = ethernetOf(definition);
    sightings.push(one);
    if (one.name !== null) named.set(definition.id, one.name);
  }
  const made: Made[] = [];
  const nameOf = (id: string): string => named.get(id) ?? id;
  for (const kind of ["bonds", "bridges"])
    for (const { id, tree, from } of definitionsOf(files, kind))
      made.push({ name: id, from, ports: asTexts(tree.get("interfaces")).map(nameOf), sharing: false });
  for (const { id, tree, from } of definitionsOf(files, "vlans")) {
    const link = asText(tree.get("link"));
    made.push({ name: id, from, ports: link === null ? [] : [nameOf(link)], sharing: true });
  }
  for (const kind of ["tunnels", "vrfs", "dummy-devices", "virtual-ethernets", "wifis", "modems"])
    for (const { id, from } of definitionsOf(files, kind))
      made.push({ name: id, from, ports: [], sharing: true });
  return { sightings, made };
}

/** Without `match` the id is the name; with it the id is a mere handle, but where nothing else names the card, a fit one. */
export function ethernetOf({ id, tree, from }: Definition): Sighting {
  const match = asTree(tree.get("match"));
  const mac = normalMac(asText(match.get("macaddress")));
  const pattern = asText(match.get("name"));
  const renamed = asText(tree.get("set-name"));
  const plain = pattern !== null && !/[*?[]/.test(pattern) ? pattern : null;
  const name = renamed ?? plain ?? (pattern === null ? id : null);
  const set = normalMac(asText(tree.get("macaddress")));
  const driver = asText(match.get("driver"));
  const how = mac === null ? "sets" : "finds";
  return sighting({
    name,
    pattern: pattern ?? "*",
    mac: name === null ? mac : (mac ?? set),
    how,
    from,
    configured: configOf(tree),
    conditions: driverCondition(driver === null ? asTexts(match.get("driver")) : [driver]),
  });
}

function configOf(tree: Tree): InterfaceConfig {
  if (/^(manual|off)$/.test(asText(tree.get("activation-mode")) ?? "")) return { kind: "none" };
  const addresses = asList(tree.get("addresses"))
    .flatMap((one) => (one instanceof Map ? [...one.keys()] : [one]))
    .map((one) => (typeof one === "string" ? cidrOf(one) : null));
  const routes = asList(tree.get("routes")).map(asTree);
  const route = routes.find((one) => /^(default|0\.0\.0\.0\/0)$/.test(asText(one.get("to")) ?? ""));
  const plain = staticOf(addresses, [asText(tree.get("gateway4")), asText(route?.get("via"))]);
  const dhcp = tree.get("dhcp4");
  if (dhcp === true || (typeof dhcp === "string" && /^(yes|on|true)$/i.test(dhcp))) return { kind: "dhcp" };
  return plain ?? { kind: "none" };
}
