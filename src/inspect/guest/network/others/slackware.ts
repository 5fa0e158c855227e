// SPDX-License-Identifier: Apache-2.0
// Slackware's /etc/rc.d/rc.inet1.conf: arrays of the shell, an index for each card.
import type { InterfaceConfig } from "../../../../core/index.ts";
import {
  cidrOf,
  isReachable,
  type Made,
  type NetworkSource,
  NOTHING,
  readSmall,
  type Sighting,
  sighting,
  staticOf,
} from "../source.ts";

const FILE = "/etc/rc.d/rc.inet1.conf";

export const slackware: NetworkSource = {
  name: "rc.inet1",
  async read(view) {
    const text = await readSmall(view, FILE);
    return text === null ? NOTHING : parseInet1(text);
  },
};

type Said = ReadonlyMap<string, string>;

function parseInet1(text: string): { sightings: readonly Sighting[]; made: readonly Made[] } {
  const cards = new Map<string, Map<string, string>>();
  let gateway: string | null = null;
  for (const line of text.split("\n")) {
    const [, key = "", index, ...values] =
      /^[ \t]*([A-Z0-9_]{1,20})(?:\[(\d{1,2})\])?=(?:"([^"]*)"|'([^']*)'|([^\s#;]*))/.exec(line) ?? [];
    const value = values.find((one) => one !== undefined) ?? "";
    if (value === "") continue;
    if (index === undefined) gateway = key === "GATEWAY" ? value : gateway;
    else cards.set(index, (cards.get(index) ?? new Map<string, string>()).set(key, value));
  }
  const sightings: Sighting[] = [];
  const made: Made[] = [];
  for (const [index, said] of cards) {
    const name = said.get("IFNAME")?.split(":")[0] ?? `eth${index}`;
    const ports = ["BRNICS", "BONDNICS"].flatMap((key) => (said.get(key) ?? "").split(/\s+/).filter(Boolean));
    if (ports.length > 0) made.push({ name, from: FILE, ports, sharing: false });
    else sightings.push(sighting({ name, from: FILE, configured: configOf(said, gateway) }));
  }
  return { sightings, made };
}

function configOf(said: Said, gateway: string | null): InterfaceConfig {
  if (said.get("USE_DHCP") === "yes") return { kind: "dhcp" };
  const addresses = [
    cidrOf(said.get("IPADDR") ?? "", said.get("NETMASK")),
    ...(said.get("IPADDRS") ?? "").split(/\s+/).map((one) => cidrOf(one)),
  ];
  const near = gateway !== null && isReachable(gateway, addresses) ? gateway : null;
  return staticOf(addresses, [near]) ?? { kind: "none" };
}
