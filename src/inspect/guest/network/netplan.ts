// SPDX-License-Identifier: Apache-2.0
// netplan(5): YAML below /etc/netplan. Ethernets that serve a bond, bridge or VLAN are its ports.
import { parse } from "yaml";
import type { InterfaceConfig } from "../../../core/index.ts";
import { type Finding, isPhysicalName, type NetworkSource, normalMac, readFiles } from "./source.ts";

export const netplan: NetworkSource = {
  name: "netplan",
  async read(view) {
    const found: Finding[] = [];
    for (const { path, text } of await readFiles(view, "/etc/netplan", /\.ya?ml$/))
      found.push(...parseNetplan(text, path));
    return found;
  },
};

type Tree = Readonly<Record<string, unknown>>;

function asTree(value: unknown): Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

const asList = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

export function parseNetplan(text: string, from: string): readonly Finding[] {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 20, logLevel: "silent" });
  } catch {
    return []; // a file that netplan could not read either
  }
  const network = asTree(asTree(document)["network"]);
  const ports = new Map<string, string>();
  for (const kind of ["bonds", "bridges"])
    for (const [name, value] of Object.entries(asTree(network[kind])))
      for (const port of asList(asTree(value)["interfaces"])) ports.set(port, name);
  for (const [name, value] of Object.entries(asTree(network["vlans"]))) {
    const link = asTree(value)["link"];
    if (typeof link === "string" && !hasOwnAddress(asTree(asTree(network["ethernets"])[link])))
      ports.set(link, name);
  }
  return Object.entries(asTree(network["ethernets"])).flatMap(([id, value]): Finding[] => {
    const tree = asTree(value);
    const match = asTree(tree["match"]);
    const named = typeof match["name"] === "string" ? match["name"] : null;
    const renamed = typeof tree["set-name"] === "string" ? tree["set-name"] : null;
    const name = renamed ?? named ?? id;
    if (!isPhysicalName(name)) return [];
    const port = ports.get(id);
    const mac = normalMac(typeof match["macaddress"] === "string" ? match["macaddress"] : null);
    return [
      { name, mac, from, configured: port === undefined ? configOf(tree) : { kind: "port", of: port } },
    ];
  });
}

function hasOwnAddress(tree: Tree): boolean {
  return tree["dhcp4"] === true || asList(tree["addresses"]).length > 0;
}

function configOf(tree: Tree): InterfaceConfig {
  const addresses = Array.isArray(tree["addresses"])
    ? tree["addresses"].flatMap((one): string[] =>
        typeof one === "string" ? [one] : Object.keys(asTree(one)),
      )
    : [];
  const routes = Array.isArray(tree["routes"]) ? tree["routes"].map(asTree) : [];
  const route = routes.find((one) => one["to"] === "default" || one["to"] === "0.0.0.0/0")?.["via"];
  const gateway = [tree["gateway4"], route].find((one) => typeof one === "string") ?? null;
  if (addresses.length > 0)
    return { kind: "static", addresses, gateway: typeof gateway === "string" ? gateway : null };
  return tree["dhcp4"] === true || tree["dhcp4"] === "yes" ? { kind: "dhcp" } : { kind: "none" };
}
