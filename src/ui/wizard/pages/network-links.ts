// SPDX-License-Identifier: Apache-2.0
// The links of the network, each with a form of its own; name servers; a port's light.
import { isIP } from "node:net";
import {
  bondMode,
  BOND_MODES,
  type LinkAddressing,
  type LinkKind,
  type NetworkLink,
  type Nic,
  UserError,
} from "../../../core/index.ts";
import { type Box, type Field, paragraphs } from "../box.ts";
import { linkText, portText } from "../network-text.ts";
import type { Page } from "../page.ts";
import { type WizardState, withAnswers } from "../state.ts";
import { withNetwork } from "./network.ts";

const NEW = ["+vlan", "+bond"] as const;

const edits = ({ live, network }: WizardState): boolean =>
  live && (network.way === "server" || network.way === "hand");

export const networkLinks: Page = {
  name: "network-links",
  help: "Choose a link to change it; use takes the network as it is shown.\n\nblink lets the light of a port blink for ten seconds, so that you see which one it is; not every driver can.\n\nA VLAN or a bond is a link of its own: add it, and give it the address; the port below then needs none.",
  applies: edits,
  box: ({ network: { setup }, machine: { nics } }) => ({
    kind: "menu",
    title: "Links",
    text: `Ports of this machine:\n${nics.map((nic) => `  ${portText(nic)}`).join("\n")}`,
    items: [
      { tag: "use", label: "use this network" },
      ...setup.links.map((link) => ({ tag: link.name, label: linkText(link, nics) })),
      {
        tag: "DNS",
        label: setup.dns.length === 0 ? "no name server" : `name servers ${setup.dns.join(" ")}`,
      },
      { tag: "blink", label: "let the light of a port blink" },
      { tag: "+vlan", label: "add a VLAN" },
      { tag: "+bond", label: "add a bond" },
    ],
    chosen: "use",
  }),
  take: (state, [tag = "use"]) => withNetwork(state, { editing: tag === "use" ? null : tag }),
};

export const networkLink: Page = {
  name: "network-link",
  help: "Address: with its mask, such as 192.0.2.7/24 or 2001:db8::7/64, several with blanks; auto for DHCP and router advertisements; empty for none. Gateway: for IPv4 and IPv6, with a blank. MTU: empty for the usual 1500.\n\nMode of a bond: 802.3ad needs a switch that knows of it, active-backup does not.",
  applies: (state) => edits(state) && state.network.editing !== null,
  box: ({ network: { setup, editing }, machine: { nics } }) => formOf(editing ?? "", setup, nics),
  take: (state, values) => {
    const { setup, editing } = state.network;
    const done = { editing: null } as const;
    if (editing === "blink") return withNetwork(state, { ...done, blink: values[0] ?? null });
    if (editing === "DNS") {
      const [servers = "", search = ""] = values;
      const dns = words(servers);
      const wrong = dns.find((one) => isIP(one) === 0);
      if (wrong !== undefined)
        throw bad(`"${wrong}" is not an address`, "Name servers are given by their addresses");
      return withNetwork(state, { ...done, setup: { ...setup, dns, search: words(search) } });
    }
    const old = setup.links.find(({ name }) => name === editing);
    const link = readLink(old ?? blankLink(editing ?? "", setup.links), values, state.machine.nics);
    const others = setup.links.filter(({ name }) => name !== old?.name);
    checkPorts(link, others);
    const links =
      old === undefined ? [...others, link] : setup.links.map((one) => (one === old ? link : one));
    return withNetwork(withCard(state, link), { ...done, setup: { ...setup, links } });
  },
  nextPage: "network-links",
};

/** Which port an interface of the server is, where its files could not tell: the plan needs the same answer. */
function withCard(state: WizardState, { name, kind }: NetworkLink): WizardState {
  const found = state.network.found?.links.find((one) => one.name === name);
  if (state.network.way !== "server" || found?.kind.kind !== "card" || found.kind.mac !== null) return state;
  if (kind.kind !== "card" || kind.mac === null) return state;
  const others = (state.answers.get("nic") ?? []).filter((one) => !one.startsWith(`${name}=`));
  return withAnswers(state, { nic: [...others, `${name}=${kind.mac}`] });
}

const words = (text: string): readonly string[] => text.split(/[\s,]+/).filter((word) => word !== "");

const bad = (message: string, advice: string): UserError =>
  new UserError("network-wrong", message, { advice });

function blankLink(tag: string, links: readonly NetworkLink[]): NetworkLink {
  const on = links[0]?.name ?? "";
  const kind: LinkKind =
    tag === NEW[1]
      ? {
          kind: "bond",
          mode: "active-backup",
          ports: links.flatMap(({ name, kind: one }) => (one.kind === "card" ? [name] : [])),
        }
      : { kind: "vlan", id: 1, on };
  return { name: tag === NEW[1] ? "bond0" : "vlan1", kind, ip: { kind: "none" }, mtu: null };
}

function formOf(editing: string, setup: WizardState["network"]["setup"], nics: readonly Nic[]): Box {
  if (editing === "blink")
    return {
      kind: "menu",
      title: "Blink",
      text: "Which port shall blink for ten seconds?",
      items: nics.map((nic) => ({ tag: nic.name, label: portText(nic).slice(11) })),
      chosen: null,
    };
  if (editing === "DNS")
    return {
      kind: "form",
      title: "Name servers",
      text: "Their addresses, with blanks; and the domains in which short names are looked up.",
      fields: [
        { label: "Servers", value: setup.dns.join(" ") },
        { label: "Search", value: setup.search.join(" ") },
      ],
    };
  const link = setup.links.find(({ name }) => name === editing) ?? blankLink(editing, setup.links);
  return {
    kind: "form",
    title: `Link ${link.name}`,
    text: paragraphs("Address: auto for DHCP; empty for none."),
    fields: [...kindFields(link.kind, nics), ...addressFields(link)],
  };
}

function kindFields(kind: LinkKind, nics: readonly Nic[]): readonly Field[] {
  switch (kind.kind) {
    case "card":
      return [{ label: "Port", value: nics.find(({ mac }) => mac === kind.mac)?.name ?? "" }];
    case "vlan":
      return [
        { label: "VLAN", value: `${kind.id}` },
        { label: "On", value: kind.on },
      ];
    case "bond":
      return [
        { label: "Mode", value: kind.mode },
        { label: "Ports", value: kind.ports.join(" ") },
      ];
    case "bridge":
      return [{ label: "Ports", value: kind.ports.join(" ") }];
  }
}

function addressFields({ ip, mtu }: NetworkLink): readonly Field[] {
  return [
    {
      label: "Address",
      value: ip.kind === "static" ? ip.addresses.join(" ") : ip.kind === "auto" ? "auto" : "",
    },
    { label: "Gateway", value: ip.kind === "static" ? ip.gateways.join(" ") : "" },
    { label: "MTU", value: mtu === null ? "" : `${mtu}` },
  ];
}

function readLink(link: NetworkLink, values: readonly string[], nics: readonly Nic[]): NetworkLink {
  const [address = "", gateway = "", mtu = ""] = values.slice(-3);
  const kind = readKind(link.kind, values, nics);
  const name = link.name === "vlan1" && kind.kind === "vlan" ? `vlan${kind.id}` : link.name;
  return { name, kind, ip: readAddressing(address, gateway), mtu: readMtu(mtu) };
}

function readKind(kind: LinkKind, values: readonly string[], nics: readonly Nic[]): LinkKind {
  const [first = "", second = ""] = values;
  switch (kind.kind) {
    case "card": {
      const nic = nics.find(({ name }) => name === first);
      if (nic === undefined)
        throw bad(`There is no port "${first}"`, `Ports: ${nics.map(({ name }) => name).join(", ")}`);
      return { kind: "card", mac: nic.mac };
    }
    case "vlan": {
      const id = /^\d{1,4}$/.test(first) ? Number(first) : 0;
      if (id < 1 || id > 4094) throw bad(`"${first}" is not a VLAN`, "Give its number, from 1 to 4094");
      return { kind: "vlan", id, on: second };
    }
    case "bond": {
      if (!(BOND_MODES as readonly string[]).includes(first.toLowerCase()))
        throw bad(`"${first}" is not a mode of a bond`, `Modes: ${BOND_MODES.join(", ")}`);
      return { kind: "bond", mode: bondMode(first), ports: words(second) };
    }
    case "bridge":
      return { kind: "bridge", ports: words(first) };
  }
}

function checkPorts({ kind }: NetworkLink, others: readonly NetworkLink[]): void {
  const ports = kind.kind === "card" ? [] : kind.kind === "vlan" ? [kind.on] : kind.ports;
  const wrong = ports.find((port) => !others.some(({ name }) => name === port));
  if (wrong !== undefined)
    throw bad(
      `There is no link "${wrong}" to stand on`,
      `Links: ${others.map(({ name }) => name).join(", ")}`,
    );
  if (kind.kind !== "card" && ports.length === 0)
    throw bad("It stands on no port", "Name at least one link below it");
}

function readAddressing(address: string, gateway: string): LinkAddressing {
  if (address === "") return { kind: "none" };
  if (address.toLowerCase() === "auto") return { kind: "auto" };
  const addresses = words(address);
  for (const one of addresses) {
    const [host = "", prefix = ""] = one.split("/");
    const most = isIP(host) === 4 ? 32 : isIP(host) === 6 ? 128 : -1;
    if (most < 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > most)
      throw bad(`"${one}" is not an address with its mask`, "Such as 192.0.2.7/24 or 2001:db8::7/64");
  }
  const gateways = words(gateway);
  const wrong = gateways.find((one) => isIP(one) === 0);
  if (wrong !== undefined) throw bad(`"${wrong}" is not an address of a gateway`, "Such as 192.0.2.1");
  return { kind: "static", addresses, gateways };
}

function readMtu(text: string): number | null {
  if (text === "") return null;
  const mtu = /^\d{3,5}$/.test(text) ? Number(text) : 0;
  if (mtu < 576 || mtu > 65_535)
    throw bad(`"${text}" is not a MTU`, "Give bytes, such as 1500 or 9000, or leave it empty");
  return mtu;
}
