// SPDX-License-Identifier: Apache-2.0
// How a network interface's name is pinned to its MAC address: by a .link file for systemd, and by a udev rule. Pure.
import type { IntendedNic } from "../../core/index.ts";

export const RULES_DIRECTORY = "/etc/udev/rules.d";
export const LINKS_DIRECTORY = "/etc/systemd/network";
export const RULES_PATH = `${RULES_DIRECTORY}/70-p2v-net.rules`;
export const linkPath = (nic: IntendedNic): string => `${LINKS_DIRECTORY}/10-p2v-${nic.name}.link`;

/**
 * systemd.link(5), since systemd 197. Type=ether excludes bridges, bonds and VLANs with the same address; old versions do
 * not know the type of a plain card, and use the rule. No NamePolicy: it would win over Name.
 */
export function renderLink({ name, mac }: IntendedNic): string {
  return `# ${name} of the machine that this VM was made from. Written by virt-p2v.
[Match]
MACAddress=${mac}
Type=ether

[Link]
Name=${name}
`;
}

/** udev(7). `DRIVERS=="?*"`: only a card that has a driver, not a bridge or VLAN with its address; type 1 is Ethernet. */
export function renderRules(nics: readonly IntendedNic[]): string {
  const lines = nics.map(
    ({ name, mac }) =>
      `SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="${mac}", ATTR{type}=="1", NAME="${name}"\n`,
  );
  return `# Interfaces of the machine that this VM was made from, by MAC address. Written by virt-p2v.\n${lines.join("")}`;
}

/**
 * Has somebody, or we, chosen its address? Only then does a file mean this card by another one. What else asks for an address
 * that no card has is left from former hardware, and must not come to life.
 */
export const hasNewAddress = ({ origin }: IntendedNic): boolean =>
  origin === "given" || origin === "generated";
