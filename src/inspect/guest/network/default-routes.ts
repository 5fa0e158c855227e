// SPDX-License-Identifier: Apache-2.0
// Ways out that a guest's files set by hand: where two have one metric, chance decides which one is used.
import type { GuestView } from "../../../core/index.ts";
import { assignments } from "./ifcfg.ts";
import { readInterfaces, starter } from "./ifupdown.ts";
import {
  asText,
  asTree,
  definitionsOf,
  ethernetOf,
  parseNetplan,
  readNetplanFiles,
  type Tree,
} from "./netplan.ts";
import { UNIT_DIRECTORIES } from "./networkd.ts";
import {
  type Ini,
  iniValue,
  iniValues,
  isAddress,
  normalMac,
  parseIni,
  readFiles,
  readSmall,
} from "./source.ts";

export type DefaultRoute = {
  /** null: the file tells its card by `mac` alone. */
  readonly name: string | null;
  readonly mac: string | null;
  readonly via: string;
  /** Routes of one address family, table and metric stand in each other's way. */
  readonly place: string;
  readonly from: string;
};

const MAX_ROUTES = 100;

/** Of each kind of files by itself. NetworkManager gives each card a metric of its own, and is left out. */
export async function readDefaultRoutes(view: GuestView): Promise<readonly (readonly DefaultRoute[])[]> {
  const all = [await ofNetplan(view), await ofIfupdown(view), await ofNetworkd(view), await ofIfcfg(view)];
  return all.map((routes) => routes.slice(0, MAX_ROUTES));
}

/** Those that stand in each other's way, each group once. Pure. */
export function rivalsOf(routes: readonly DefaultRoute[]): readonly (readonly DefaultRoute[])[] {
  const places = Map.groupBy(routes, ({ place }) => place);
  return [...places.values()].flatMap((all) => {
    const different = Map.groupBy(all, ({ name, mac, via }) => `${name ?? mac} ${via}`);
    return different.size < 2 ? [] : [[...different.values()].flatMap(([first]) => first ?? [])];
  });
}

type Way = { readonly via: string | null | undefined; readonly metric?: unknown; readonly table?: unknown };

const wordOf = (value: unknown, usual: string): string =>
  typeof value === "number" || typeof value === "string" ? String(value) : usual;

function routeOf(
  { via, metric, table }: Way,
  where: Pick<DefaultRoute, "name" | "mac" | "from">,
): readonly DefaultRoute[] {
  if (via === null || via === undefined || !isAddress(via)) return [];
  const family = via.includes(":") ? "IPv6" : "IPv4";
  return [
    {
      ...where,
      via,
      place: `${family}, table ${wordOf(table, "main")}, metric ${wordOf(metric, "default")}`,
    },
  ];
}

const isDefault = (target: string | null | undefined): boolean =>
  /^(?:default|0\.0\.0\.0\/0|::\/0|0::0\/0)$/.test(target ?? "");

/** File by file: of two that say `gateway4` for one card, the later one counts, without a word. */
async function ofNetplan(view: GuestView): Promise<readonly DefaultRoute[]> {
  const files = (await readNetplanFiles(view)).map(({ path, text }) => ({ path, tree: parseNetplan(text) }));
  const names = new Map(definitionsOf(files, "ethernets").map((one) => [one.id, ethernetOf(one)]));
  return files.flatMap((file) =>
    ["ethernets", "bonds", "bridges", "vlans"].flatMap((kind) =>
      definitionsOf([file], kind).flatMap(({ id, tree, from }) => {
        const card = kind === "ethernets" ? names.get(id) : undefined;
        const where = { name: card === undefined ? id : card.name, mac: card?.mac ?? null, from };
        return waysOf(tree).flatMap((way) => routeOf(way, where));
      }),
    ),
  );
}

function waysOf(tree: Tree): readonly Way[] {
  const routes = tree.get("routes");
  const listed = (Array.isArray(routes) ? (routes as readonly unknown[]).slice(0, MAX_ROUTES) : []).map(
    asTree,
  );
  return [
    { via: asText(tree.get("gateway4")) },
    { via: asText(tree.get("gateway6")) },
    ...listed
      .filter((one) => isDefault(asText(one.get("to"))))
      .map((one) => ({ via: asText(one.get("via")), metric: one.get("metric"), table: one.get("table") })),
  ];
}

async function ofIfupdown(view: GuestView): Promise<readonly DefaultRoute[]> {
  const { stanzas, started } = await readInterfaces(view);
  const starts = starter({ started });
  return stanzas.flatMap(({ name, options, from }) => {
    const [bare = ""] = name.split(":");
    if (!starts(name) && !starts(bare)) return [];
    const way = { via: options.get("gateway")?.[0]?.trim(), metric: options.get("metric")?.[0] };
    return routeOf(way, { name: bare, mac: null, from });
  });
}

async function ofNetworkd(view: GuestView): Promise<readonly DefaultRoute[]> {
  const found = new Map<string, readonly DefaultRoute[]>();
  for (const directory of UNIT_DIRECTORIES)
    for (const { path, name, text } of await readFiles(view, directory, /\.network$/))
      if (!found.has(name)) found.set(name, ofUnit(parseIni(text), path));
  return [...found.values()].flat();
}

function ofUnit(ini: Ini, from: string): readonly DefaultRoute[] {
  const name = iniValue(ini, "Match", "Name") ?? null;
  const mac = normalMac(
    iniValue(ini, "Match", "MACAddress") ?? iniValue(ini, "Match", "PermanentMACAddress"),
  );
  if ((name === null && mac === null) || /[*?[\s!]/.test(name ?? "")) return [];
  const routes = ini.filter(({ section }) => section === "Route");
  const ways = routes.flatMap(({ keys }): readonly Way[] => {
    const last = (key: string): string | undefined => keys.get(key)?.at(-1);
    const target = last("Destination");
    if (target !== undefined && !isDefault(target)) return [];
    return [{ via: last("Gateway"), metric: last("Metric"), table: last("Table") }];
  });
  const plain = iniValues(ini, "Network", "Gateway").map((via): Way => ({ via }));
  // A card of a VRF has its routes in the table of that.
  const vrf = iniValue(ini, "Network", "VRF");
  const usual = vrf === undefined ? {} : { table: `of ${vrf}` };
  return [...plain, ...ways]
    .map((way) => (way.table === undefined ? { ...way, ...usual } : way))
    .flatMap((way) => routeOf(way, { name, mac, from }));
}

/** The scripts of Red Hat; of two the one that comes up last counts. */
async function ofIfcfg(view: GuestView): Promise<readonly DefaultRoute[]> {
  for (const path of ["/usr/sbin/NetworkManager", "/sbin/NetworkManager"])
    if ((await view.resolve(path)) !== null) return [];
  const files = await readFiles(view, "/etc/sysconfig/network-scripts", /^ifcfg-[A-Za-z0-9_.-]+$/);
  const only = assignments((await readSmall(view, "/etc/sysconfig/network")) ?? "").get("GATEWAYDEV") || null;
  return files.flatMap(({ path, name, text }) => {
    const values = assignments(text);
    if (only !== null && (values.get("DEVICE") ?? name.slice("ifcfg-".length)) !== only) return [];
    const no = (key: string): boolean => /^(?:no|false|0|off)$/i.test(values.get(key) ?? "");
    if (no("ONBOOT") || no("DEFROUTE") || /\.(?:bak|orig|old|rpm\w+)$/.test(name)) return [];
    return routeOf(
      { via: values.get("GATEWAY"), metric: values.get("METRIC") },
      {
        name: values.get("DEVICE") ?? name.slice("ifcfg-".length),
        mac: normalMac(values.get("HWADDR")),
        from: path,
      },
    );
  });
}
