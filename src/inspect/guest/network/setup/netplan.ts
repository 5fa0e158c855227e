// SPDX-License-Identifier: Apache-2.0
// netplan(5).
import { bondMode, type GuestView, type LinkAddressing, type LinkKind } from "../../../../core/index.ts";
import {
  asText,
  asTexts,
  asTree,
  type Definition,
  definitionsOf,
  parseNetplan,
  readNetplanFiles,
  type Tree,
} from "../netplan.ts";
import { normalMac } from "../source.ts";
import { mtuOf, type SaidLink, staticAddressing, vlanId } from "./links.ts";

type File = { readonly path: string; readonly text: string };

export async function readNetplanLinks(view: GuestView): Promise<readonly SaidLink[]> {
  return netplanLinks(await readNetplanFiles(view));
}

function netplanLinks(given: readonly File[]): readonly SaidLink[] {
  const files = given.map(({ path, text }) => ({ path, tree: parseNetplan(text) }));
  const cards = definitionsOf(files, "ethernets").map((definition) => ({
    definition,
    ...cardOf(definition),
  }));
  const nameOf = (id: string): string => cards.find(({ definition }) => definition.id === id)?.name ?? id;
  const ports = ({ tree }: Definition): readonly string[] => asTexts(tree.get("interfaces")).map(nameOf);
  const made = (kind: string, link: (one: Definition) => LinkKind | null): SaidLink[] =>
    definitionsOf(files, kind).flatMap((one) => {
      const found = link(one);
      return found === null ? [] : [{ name: one.id, kind: found, ...commonOf(one.tree) }];
    });
  return [
    ...cards.map(({ definition, name, mac }) => ({
      name,
      kind: { kind: "card", mac } as const,
      ...commonOf(definition.tree),
    })),
    ...made("bonds", (one) => ({
      kind: "bond",
      mode: bondMode(textOf(asTree(one.tree.get("parameters")).get("mode"))),
      ports: ports(one),
    })),
    ...made("bridges", (one) => ({ kind: "bridge", ports: ports(one) })),
    ...made("vlans", ({ tree }) => {
      const id = vlanId(textOf(tree.get("id")));
      const on = asText(tree.get("link"));
      return id === null || on === null ? null : { kind: "vlan", id, on: nameOf(on) };
    }),
  ];
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? `${value}` : undefined;

const isYes = (value: unknown): boolean =>
  value === true || (typeof value === "string" && /^(yes|on|true)$/i.test(value));

function cardOf({ id, tree }: Definition): { name: string; mac: string | null } {
  const match = asTree(tree.get("match"));
  const pattern = asText(match.get("name"));
  const plain = pattern !== null && !/[*?[]/.test(pattern) ? pattern : null;
  return {
    name: asText(tree.get("set-name")) ?? plain ?? id,
    mac: normalMac(asText(match.get("macaddress"))),
  };
}

function commonOf(tree: Tree): Pick<SaidLink, "ip" | "mtu" | "dns" | "search"> {
  const servers = asTree(tree.get("nameservers"));
  return {
    ip: addressingOf(tree),
    mtu: mtuOf(textOf(tree.get("mtu"))),
    dns: asTexts(servers.get("addresses")),
    search: asTexts(servers.get("search")),
  };
}

function addressingOf(tree: Tree): LinkAddressing {
  const list = tree.get("addresses");
  const addresses = (Array.isArray(list) ? list.slice(0, 100) : [])
    .flatMap((one: unknown) => (one instanceof Map ? [...one.keys()] : [one]))
    .filter((one) => typeof one === "string");
  const routes = tree.get("routes");
  const vias = (Array.isArray(routes) ? routes.slice(0, 100) : [])
    .map(asTree)
    .filter((route) => /^(default|0\.0\.0\.0\/0|::\/0)$/.test(asText(route.get("to")) ?? ""))
    .map((route) => textOf(route.get("via")));
  const fixed = staticAddressing(addresses, [
    textOf(tree.get("gateway4")),
    textOf(tree.get("gateway6")),
    ...vias,
  ]);
  if (fixed.kind === "static") return fixed;
  return isYes(tree.get("dhcp4")) || isYes(tree.get("dhcp6")) ? { kind: "auto" } : fixed;
}
