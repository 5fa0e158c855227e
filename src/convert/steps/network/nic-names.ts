// SPDX-License-Identifier: Apache-2.0
// Network interfaces keep their names: each name is pinned to the MAC address that the VM's NIC will have.
import type { ConversionStep, IntendedNic } from "../../../core/index.ts";
import { Draft } from "../draft.ts";
import { conflictingLink, withoutConflicts } from "../../names/nic-conflicts.ts";

const RULES = "/etc/udev/rules.d";
const LINKS = "/etc/systemd/network";

/** The kernel's limit is 15 bytes (IFNAMSIZ); these names need no quoting in udev rules, .link files or paths. */
export const isInterfaceName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/.test(name);

/** One card's address: six bytes, not a group's (lowest bit of the first byte), not all zero. */
export const isMac = (mac: string): boolean =>
  /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(mac) && !/^(00:){5}00$/.test(mac);

export const linkPath = (nic: IntendedNic): string => `${LINKS}/10-p2v-${nic.name}.link`;
export const RULES_PATH = `${RULES}/70-p2v-net.rules`;

export const nicNames: ConversionStep = {
  name: "nic-names",
  explains:
    "Pins the names of network interfaces to their MAC addresses, so that the network configuration still fits",
  async propose(context) {
    const draft = new Draft("nic-names", context);
    const { guest, intent, view } = context;
    const nics = usableNics(intent.nics, draft);
    if (nics.length === 0) return draft.proposal();
    for (const name of await view.list(RULES)) {
      if (!name.endsWith(".rules") || `${RULES}/${name}` === RULES_PATH) continue;
      await draft.edit(`${RULES}/${name}`, {
        why: "It gives one of these names to another card, or another name to one of these cards",
        edit: (text) => withoutConflicts(text, nics),
      });
    }
    const ours = new Set(nics.map(linkPath));
    for (const name of await view.list(LINKS)) {
      if (!name.endsWith(".link") || ours.has(`${LINKS}/${name}`)) continue;
      await draft.edit(`${LINKS}/${name}`, {
        why: "It gives one of these names to another card, or another name to one of these cards",
        edit: (text) => conflictingLink(text, nics),
      });
    }
    const why = "The VM's network cards sit elsewhere on the bus; without a pin they would get other names";
    if (guest.init === "systemd")
      for (const nic of nics) await draft.write(linkPath(nic), { why, text: renderLink(nic) });
    await draft.write(RULES_PATH, { why, text: renderRules(nics) });
    return draft.proposal();
  },
};

function usableNics(nics: readonly IntendedNic[], draft: Draft): readonly IntendedNic[] {
  const names = new Set<string>();
  const macs = new Set<string>();
  const usable: IntendedNic[] = [];
  for (const nic of nics) {
    const mac = nic.mac.toLowerCase();
    if (!isInterfaceName(nic.name) || !isMac(mac) || names.has(nic.name) || macs.has(mac)) {
      draft.problem({
        code: "nic-not-pinned",
        severity: "stops",
        text: `The interface ${JSON.stringify(nic.name)} with MAC ${JSON.stringify(nic.mac)} cannot be pinned: name or MAC is not valid, or given twice`,
        advice: "Give each interface its own name and MAC with --nic NAME=MAC",
      });
      continue;
    }
    names.add(nic.name);
    macs.add(mac);
    usable.push({ ...nic, mac });
  }
  return usable;
}

/**
 * systemd.link(5), since systemd 197. Type=ether keeps it off bridges, bonds and VLANs that carry the same address; old
 * versions do not know the type of a plain card, and for them there is the rule. No NamePolicy: it would win over Name.
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
