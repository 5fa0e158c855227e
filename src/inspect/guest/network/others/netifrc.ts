// SPDX-License-Identifier: Apache-2.0
// Gentoo's netifrc: /etc/conf.d/net, of the cards that a runlevel of OpenRC starts (net.eth0).
import type { InterfaceConfig } from "../../../../core/index.ts";
import {
  cidrOf,
  type Made,
  namesIn,
  type NetworkSource,
  NOTHING,
  readSmall,
  sighting,
  staticOf,
} from "../source.ts";

const FILE = "/etc/conf.d/net";
const RUNLEVELS = ["boot", "default"];

export const netifrc: NetworkSource = {
  name: "netifrc",
  async read(view) {
    const started: string[] = [];
    for (const level of RUNLEVELS)
      for (const service of await namesIn(view, `/etc/runlevels/${level}`))
        if (/^net\.(?!lo$)[A-Za-z0-9._-]{1,15}$/.test(service)) started.push(service.slice("net.".length));
    if (started.length === 0) return NOTHING;
    const said = settings((await readSmall(view, FILE)) ?? "");
    const made: Made[] = started.flatMap((name) => {
      const ports = ["slaves", "bridge"].flatMap((key) => words(said.get(`${key}_${variable(name)}`)));
      return ports.length === 0 ? [] : [{ name, from: FILE, ports, sharing: false }];
    });
    const sightings = started
      .filter((name) => !made.some((one) => one.name === name))
      .map((name) => sighting({ name, from: FILE, configured: configOf(name, said) }));
    return { sightings, made };
  },
};

/** net.example of netifrc: other signs of a name are `_` in a variable's. */
const variable = (name: string): string => name.replaceAll(/[^A-Za-z0-9]/g, "_");

const words = (text: string | undefined): readonly string[] => (text ?? "").split(/\s+/).filter(Boolean);

/** `config_eth0="..."`, over lines, or as an array of the shell. */
function settings(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(
    /^[ \t]*([a-z0-9]{1,12}_[A-Za-z0-9_]{1,15})=(?:"([^"]*)"|'([^']*)'|\(([^)]*)\)|(\S*))/gm,
  );
  const all = new Map<string, string>();
  for (const [, key = "", ...values] of found)
    if (all.size < 1000)
      all.set(key, (values.find((one) => one !== undefined) ?? "").replaceAll(/["']/g, ""));
  return all;
}

/** Of a card that is started and not spoken of, netifrc asks by DHCP. */
function configOf(name: string, said: ReadonlyMap<string, string>): InterfaceConfig {
  const config = said.get(`config_${variable(name)}`);
  const all = words(config);
  if (config === undefined || all.includes("dhcp")) return { kind: "dhcp" };
  const mask = (at: number): string => (all[at + 1] === "netmask" ? (all[at + 2] ?? "") : "");
  const addresses = all.map((word, at) =>
    all[at - 1] === "netmask" || all[at - 1] === "brd" ? null : cidrOf(word, mask(at)),
  );
  const [, gateway] =
    /(?:^|\s)default\s+(?:via|gw)\s+(\S+)/.exec(said.get(`routes_${variable(name)}`) ?? "") ?? [];
  return staticOf(addresses, [gateway]) ?? { kind: "none" };
}
