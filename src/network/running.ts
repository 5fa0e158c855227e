// SPDX-License-Identifier: Apache-2.0
// How a running server is connected, as ip(8) tells, so that the live system can be connected in the same way; and what of it
// the live system could not do. Pure.
import { z } from "zod";
import {
  type LinkAddressing,
  type LinkKind,
  type NetworkLink,
  type NetworkSetup,
  type Nic,
} from "../core/index.ts";

const LINKS = z.array(
  z.object({
    ifname: z.string().optional(),
    link: z.string().optional(),
    link_type: z.string().optional(),
    master: z.string().optional(),
    mtu: z.number().optional(),
    linkinfo: z
      .object({
        info_kind: z.string().optional(),
        info_data: z
          .object({
            id: z.number().optional(),
            protocol: z.string().optional(),
            mode: z.string().optional(),
            vlan_filtering: z.number().optional(),
          })
          .optional(),
      })
      .optional(),
    addr_info: z
      .array(
        z.object({
          family: z.string().optional(),
          local: z.string().optional(),
          prefixlen: z.number().optional(),
          scope: z.string().optional(),
          dynamic: z.boolean().optional(),
          temporary: z.boolean().optional(),
        }),
      )
      .optional(),
  }),
);
type IpLink = z.infer<typeof LINKS>[number] & { readonly ifname: string };

const ROUTES = z.array(
  z.object({
    dst: z.string().optional(),
    gateway: z.string().optional(),
    dev: z.string().optional(),
    protocol: z.string().optional(),
    flags: z.array(z.string()).optional(),
  }),
);
type Route = z.infer<typeof ROUTES>[number];

/** What ip(8) printed, `-json` each. */
export type RunningTexts = {
  /** `-details address`. */
  readonly links: string;
  /** `-4 route`, `-6 route`. */
  readonly routes: readonly string[];
  /** `route get ADDRESS` of the destination. */
  readonly way: string;
  readonly resolvConf: string;
};

export type RunningNetwork = {
  readonly setup: NetworkSetup;
  /** Links with addresses that the live system will not have. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
  /** Why the live system would not reach the destination; null: it will, in the same way as this server. */
  readonly blocked: string | null;
};

const DEFAULT_MTU = 1500;

/** The links with addresses, and what they stand on, as far as the live system can make them. */
export function parseRunning(texts: RunningTexts, nics: readonly Nic[]): RunningNetwork {
  const all = LINKS.parse(JSON.parse(texts.links)).flatMap((one): IpLink[] =>
    one.ifname === undefined || one.ifname === "lo" ? [] : [{ ...one, ifname: one.ifname }],
  );
  const routes = texts.routes.flatMap((text) => ROUTES.parse(JSON.parse(text.trim() === "" ? "[]" : text)));
  const [way] = ROUTES.parse(JSON.parse(texts.way.trim() === "" ? "[]" : texts.way));
  const links = new Map<string, NetworkLink>();
  const left: { name: string; why: string }[] = [];
  for (const link of all.filter(
    (one) => addressing(one, routes).kind !== "none" || one.ifname === way?.dev,
  )) {
    const found = withLower(link, all, nics);
    if (typeof found === "string") left.push({ name: link.ifname, why: found });
    else
      for (const { link: one, kind } of found)
        links.set(one.ifname, {
          name: one.ifname,
          kind,
          ip: one.master === undefined ? addressing(one, routes) : { kind: "none" },
          mtu: one.mtu === undefined || one.mtu === DEFAULT_MTU ? null : one.mtu,
        });
  }
  const setup = { links: [...links.values()], ...parseResolvConf(texts.resolvConf) };
  return { setup, left, blocked: whyBlocked(way, { setup, left, routes }) };
}

type Stacked = { readonly link: IpLink; readonly kind: LinkKind };

/** The link after all that it stands on; words: why the live system cannot make it. */
function withLower(
  link: IpLink,
  all: readonly IpLink[],
  nics: readonly Nic[],
  depth = 0,
): readonly Stacked[] | string {
  const kind = link.linkinfo?.info_kind;
  const data = link.linkinfo?.info_data;
  if (depth > 8) return `${link.ifname} stands on too many others`;
  const below = (names: readonly string[]): readonly Stacked[] | string => {
    const found = names.map((name) => {
      const lower = all.find((one) => one.ifname === name);
      return lower === undefined ? `${name} is not seen here` : withLower(lower, all, nics, depth + 1);
    });
    return (
      found.find((one) => typeof one === "string") ??
      found.flatMap((one) => (typeof one === "string" ? [] : one))
    );
  };
  const on = (lower: readonly Stacked[] | string, own: LinkKind): readonly Stacked[] | string =>
    typeof lower === "string" ? lower : [...lower, { link, kind: own }];
  const ports = all.filter(({ master }) => master === link.ifname);
  switch (kind) {
    case undefined: {
      const mac = nics.find(({ name }) => name === link.ifname)?.mac ?? null;
      return mac === null
        ? `${link.ifname} is no network card with an address of its own`
        : [{ link, kind: { kind: "card", mac } }];
    }
    case "vlan": {
      const { id, protocol = "802.1Q" } = data ?? {};
      if (id === undefined || link.link === undefined || protocol !== "802.1Q")
        return `${link.ifname} is a VLAN of the kind ${protocol}`;
      return on(below([link.link]), { kind: "vlan", id, on: link.link });
    }
    case "bond": {
      const names = ports.map(({ ifname }) => ifname);
      if (names.length === 0) return `${link.ifname} is a bond without a port`;
      return on(below(names), { kind: "bond", mode: data?.mode ?? "balance-rr", ports: names });
    }
    case "bridge": {
      if ((data?.vlan_filtering ?? 0) !== 0) return `${link.ifname} is a bridge that filters VLANs`;
      // The cables of its guests and containers end with this system.
      const names = ports
        .filter((port) => ["vlan", "bond", undefined].includes(port.linkinfo?.info_kind))
        .map(({ ifname }) => ifname)
        .filter((name) => typeof below([name]) !== "string");
      if (names.length === 0) return `${link.ifname} is a bridge without a network card`;
      return on(below(names), { kind: "bridge", ports: names });
    }
    default:
      return `${link.ifname} is of the kind ${kind}`;
  }
}

/** What a DHCP server or a router told ends at some time; what somebody wrote into a file does not. */
function addressing({ ifname, addr_info = [] }: IpLink, routes: readonly Route[]): LinkAddressing {
  const usable = addr_info.filter(
    ({ scope, local, temporary }) => scope === "global" && local !== undefined && temporary !== true,
  );
  const fixed = usable.filter(({ dynamic }) => dynamic !== true);
  if (fixed.length === 0) return usable.length === 0 ? { kind: "none" } : { kind: "auto" };
  const gateways = routes.flatMap(({ dst, dev, gateway, protocol }) =>
    dst === "default" && dev === ifname && gateway !== undefined && protocol !== "ra" ? [gateway] : [],
  );
  // Beside a fixed address, one of DHCP is kept as it is: for as long as this takes, it is ours.
  const kept = usable.filter(({ family, dynamic }) => dynamic !== true || family === "inet");
  return {
    kind: "static",
    addresses: kept.map(({ local = "", prefixlen = 0 }) => `${local}/${prefixlen}`),
    gateways: [...new Set(gateways)],
  };
}

function whyBlocked(
  way: Route | undefined,
  { setup, left, routes }: Pick<RunningNetwork, "setup" | "left"> & { readonly routes: readonly Route[] },
): string | null {
  if (way?.dev === undefined) return "the kernel names no way to it";
  if (way.dev === "lo") return "it is this server itself";
  const link = setup.links.find(({ name }) => name === way.dev);
  if (link === undefined)
    return left.find(({ name }) => name === way.dev)?.why ?? `${way.dev} is of no known kind`;
  if (link.ip.kind === "none") return `${way.dev}, on the way to it, has no address`;
  if (way.gateway === undefined || link.ip.kind === "auto") return null;
  const main = routes.find(
    ({ dst, dev, gateway }) => dst === "default" && dev === way.dev && gateway === way.gateway,
  );
  if (main === undefined) return `the way to it is a route of its own, through ${way.gateway}`;
  return main.flags?.includes("onlink") === true
    ? `the gateway ${way.gateway} lies outside of this server's networks (onlink)`
    : null;
}

const MAX_SERVERS = 8;

/** resolv.conf(5). A resolver of this very system is not there afterwards. */
export function parseResolvConf(text: string): Pick<NetworkSetup, "dns" | "search"> {
  const words = text.split("\n").map((line) =>
    line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/),
  );
  const dns = words.flatMap(([key, address = ""]) =>
    key === "nameserver" && /^[0-9A-Fa-f.:]+(%[\w.-]+)?$/.test(address) && !/^127\.|^::1$/.test(address)
      ? [address]
      : [],
  );
  const search = words.findLast(([key]) => key === "search" || key === "domain")?.slice(1) ?? [];
  return {
    dns: [...new Set(dns)].slice(0, MAX_SERVERS),
    search: search.filter((name) => /^[A-Za-z0-9_.-]+$/.test(name)).slice(0, MAX_SERVERS),
  };
}
