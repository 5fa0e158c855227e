// SPDX-License-Identifier: Apache-2.0
// Network interfaces keep their names: each name is pinned to the MAC address that the VM's NIC will have.
import { type IntendedNic, isInterfaceName, isMac, makeProblem } from "../../../core/index.ts";
import type { Draft } from "../draft.ts";
import { step } from "../step.ts";
import { conflictingLink, withoutConflicts } from "../../names/nic-conflicts.ts";
import {
  linkPath,
  LINKS_DIRECTORY,
  renderLink,
  renderRules,
  RULES_DIRECTORY,
  RULES_PATH,
} from "../../names/nic-pins.ts";

export const nicNames = step(
  {
    name: "nic-names",
    explains:
      "Pins the names of network interfaces to their MAC addresses, so that the network configuration still fits",
  },
  async ({ guest, intent, view, draft }) => {
    const nics = usableNics(intent.nics, draft);
    if (nics.length === 0) return;
    for (const name of await view.list(RULES_DIRECTORY)) {
      if (!name.endsWith(".rules") || `${RULES_DIRECTORY}/${name}` === RULES_PATH) continue;
      await draft.edit(`${RULES_DIRECTORY}/${name}`, {
        why: "It gives one of these names to another card, or one of these cards another name",
        edit: (text) => withoutConflicts(text, nics),
      });
    }
    const ours = new Set(nics.map(linkPath));
    for (const name of await view.list(LINKS_DIRECTORY)) {
      if (!name.endsWith(".link") || ours.has(`${LINKS_DIRECTORY}/${name}`)) continue;
      await draft.edit(`${LINKS_DIRECTORY}/${name}`, {
        why: "It gives one of these names to another card, or one of these cards another name",
        edit: (text) => conflictingLink(text, nics),
      });
    }
    const why = "The VM's network cards are elsewhere on the bus; without a pin they would get other names";
    if (guest.init === "systemd")
      for (const nic of nics) await draft.write(linkPath(nic), { why, text: renderLink(nic) });
    await draft.write(RULES_PATH, { why, text: renderRules(nics) });
  },
);

function usableNics(nics: readonly IntendedNic[], draft: Draft): readonly IntendedNic[] {
  const names = new Set<string>();
  const macs = new Set<string>();
  const usable: IntendedNic[] = [];
  for (const nic of nics) {
    const mac = nic.mac.toLowerCase();
    if (!isInterfaceName(nic.name) || !isMac(mac) || names.has(nic.name) || macs.has(mac)) {
      draft.problem(
        makeProblem("nic-not-pinned", {
          about: [{ kind: "nic", name: nic.name, mac: nic.mac }],
          text: `The interface ${JSON.stringify(nic.name)} with MAC ${JSON.stringify(nic.mac)} cannot be pinned: name or MAC is not valid, or given twice`,
          advice: "Give each interface its own name and MAC with --nic NAME=MAC",
        }),
      );
      continue;
    }
    names.add(nic.name);
    macs.add(mac);
    usable.push({ ...nic, mac });
  }
  return usable;
}
