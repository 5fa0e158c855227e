// SPDX-License-Identifier: Apache-2.0
// dhcpcd.conf(5): the cards that it names.
import {
  cidrOf,
  type NetworkSource,
  NOTHING,
  readSmall,
  type Sighting,
  sighting,
  staticOf,
} from "../source.ts";
import { isStarted } from "./started.ts";

const FILE = "/etc/dhcpcd.conf";
const MAX_CARDS = 100;

/** One that is installed and not started asks for nothing. */
export const dhcpcd: NetworkSource = {
  name: "dhcpcd",
  async read(view) {
    const text = await readSmall(view, FILE);
    if (text === null || !(await isStarted(view, "dhcpcd"))) return NOTHING;
    return { sightings: namedIn(text), made: [] };
  },
};

function namedIn(text: string): readonly Sighting[] {
  // What stands before the first `interface` or `profile` is for all cards.
  const [, ...blocks] = text.split(/^[ \t]*(?=(?:interface|profile|ssid)[ \t])/m, MAX_CARDS);
  return blocks.flatMap((block) => {
    const name = /^interface[ \t]+([A-Za-z0-9._-]{1,15})[ \t]*$/m.exec(block)?.[1];
    if (name === undefined) return [];
    const of = (option: string): string | undefined =>
      new RegExp(`^[ \\t]*static[ \\t]+${option}=[ \\t]*(\\S+)`, "m").exec(block)?.[1];
    const configured = staticOf([cidrOf(of("ip_address") ?? "")], [of("routers")]) ?? { kind: "dhcp" };
    return [sighting({ name, from: FILE, configured })];
  });
}
