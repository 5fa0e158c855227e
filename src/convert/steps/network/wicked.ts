// SPDX-License-Identifier: Apache-2.0
// SUSE's ifcfg files that mean a card by its slot or address (SLES 9 and 10: ifcfg-eth-bus-pci-..., BONDING_SLAVE_0='bus-pci-...',
// getcfg(8)): the VM has other slots. By name where it is known which card that was, else reported. ifcfg-eth-id-MAC fits, as
// addresses are kept.
import { findNic, guestFiles, type GuestOS, type IntendedNic, makeProblem } from "../../../core/index.ts";
import type { Draft } from "../draft.ts";
import { step } from "../step.ts";
import { editAssignments } from "../../text/shell-file.ts";

const DIRECTORY = "/etc/sysconfig/network";

export const wicked = step(
  {
    name: "wicked",
    explains:
      "Names cards in SUSE's ifcfg files that mean them by a slot of the old machine; reports what cannot be named",
  },
  async ({ guest, intent: { nics }, view, draft }) => {
    const files = await view.list(DIRECTORY);
    for (const file of files) {
      if (!file.startsWith("ifcfg-") || file.endsWith("~")) continue;
      const path = `${DIRECTORY}/${file}`;
      const text = await draft.read(path, { severity: "notes" });
      if (text === null) continue;
      const lost = new Set<string>();
      await draft.edit(path, {
        why: "The VM's cards sit in other slots: they are meant by name",
        edit: (now) => withNames(now, { bond: file.slice("ifcfg-".length), nics, guest, lost }),
      });
      for (const word of lost) reportLost(word, path, draft);
      const card = /^ifcfg-(?:eth-)?((?:bus|id)-.*)$/.exec(file)?.[1];
      const nic = card === undefined ? null : findNic(nics, card);
      if (card !== undefined && nic === null) reportLost(card, path, draft);
      else if (card?.startsWith("bus-") && nic !== null && !files.includes(`ifcfg-${nic.name}`)) {
        const why = "The VM's cards sit in other slots: the file gets the card's name";
        await draft.write(`${DIRECTORY}/ifcfg-${nic.name}`, { why, text });
        await draft.remove(path, { why });
      }
      reportOtherMac(text, path, draft);
    }
  },
);

type Names = {
  /** The interface that the file is for. */
  readonly bond: string;
  readonly nics: readonly IntendedNic[];
  readonly guest: Pick<GuestOS, "network">;
  /** Collects words for cards that the VM does not have. */
  readonly lost: Set<string>;
};

const PORTS = /^(?:BONDING_SLAVE_?\d+|BRIDGE_PORTS|ETHERDEVICE)$/;
const BY_HARDWARE = /^(?:eth-)?(?:bus|id)-/;

/** Pure. Ports of a bond are alike: what is left of them are the cards that the guest's files give to it. */
export function withNames(text: string, { bond, nics, guest, lost }: Names): string {
  const ports = new Set<string>();
  editAssignments(text, (key, value) => {
    if (PORTS.test(key)) for (const port of value.split(/\s+/)) ports.add(port);
    return null;
  });
  const words = [...ports].filter((port) => BY_HARDWARE.test(port));
  const names = new Map<string, string>();
  for (const word of words) {
    const nic = findNic(nics, word);
    if (nic !== null) names.set(word, nic.name);
  }
  const open = words.filter((word) => !names.has(word));
  const left = guest.network
    .filter(({ configured }) => configured.kind === "port" && configured.of === bond)
    .map(({ name }) => name)
    .filter((name) => !ports.has(name) && ![...names.values()].includes(name));
  if (open.length === left.length)
    for (const [index, word] of open.entries()) names.set(word, left[index] ?? word);
  else for (const word of open) lost.add(word);
  return editAssignments(text, (key, value) =>
    PORTS.test(key) ? value.replaceAll(/\S{1,80}/g, (port) => names.get(port) ?? port) : null,
  );
}

function reportLost(word: string, path: string, draft: Draft): void {
  const mac = /^(?:eth-)?id-(.*)$/.exec(word)?.[1]?.toLowerCase() ?? null;
  draft.problem(
    makeProblem("nic-not-in-vm", {
      about: [...(mac === null ? [] : [{ kind: "nic", name: null, mac } as const]), ...guestFiles(path)],
      text: `${path} is for the card ${mac ?? `in the slot ${word.replace(/^(?:eth-)?bus-(?:pci-)?/, "")}`}, and the VM has no such card`,
      advice:
        "Put the interface's name there, as the VM has it: in the file's own name where that is what says it",
    }),
  );
}

function reportOtherMac(text: string, path: string, draft: Draft): void {
  let address = "";
  editAssignments(text, (key, value) => {
    if (key === "LLADDR") address = value;
    return null;
  });
  if (address === "") return;
  draft.problem(
    makeProblem("nic-other-mac", {
      about: [{ kind: "nic", name: null, mac: address }, ...guestFiles(path)],
      text: `${path} gives its card the address ${address} in place of its own`,
      advice: "Where the host lets only the card's own address through, remove LLADDR in the VM",
    }),
  );
}
