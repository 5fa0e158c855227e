// SPDX-License-Identifier: Apache-2.0
// systemd-networkd: .network files that find their card by slot, driver or an address that the VM's card does not have
// (systemd.network(5), [Match]).
import { guestFiles, type IntendedNic, makeProblem } from "../../../core/index.ts";
import { step } from "../step.ts";
import { editSections, readSections } from "../../text/sections.ts";

const DIRECTORY = "/etc/systemd/network";

export const networkd = step(
  {
    name: "networkd",
    explains:
      "Makes systemd-networkd's .network files match the VM's card, where they ask for a slot or driver",
  },
  async ({ view, intent, draft }) => {
    for (const name of await view.list(DIRECTORY)) {
      if (!name.endsWith(".network")) continue;
      const path = `${DIRECTORY}/${name}`;
      const lost = lostMatch((await draft.read(path, { severity: "notes" })) ?? "", intent.nics);
      if (lost === null) continue;
      await draft.edit(path, {
        why: "A .network file that matches no card is not used",
        edit: (text) => fittingNetwork(text, intent.nics),
      });
      if (intent.nics.length !== 1)
        draft.problem(
          makeProblem("nic-not-in-vm", {
            about: guestFiles(path),
            text: `${path} is for a card with ${lost}, and the VM has none; which of its cards is meant nobody can tell`,
            advice: `Put Name= with the interface's name in place of it, in the VM or before`,
          }),
        );
    }
  },
);

/** What in [Match] fits no card of the VM; null: everything fits, or a name decides. Pure. */
export function lostMatch(text: string, nics: readonly IntendedNic[]): string | null {
  const match = readSections(text).filter(({ section }) => section === "Match");
  if (match.some(({ key }) => key === "Name")) return null;
  for (const { key, value } of match) {
    if (key === "Path" && /(^|\s)pci-/.test(value)) return `Path=${value}`;
    if (key === "Driver" && !/virtio|\*/.test(value)) return `Driver=${value}`;
    const macs = value.toLowerCase().replaceAll("-", ":").split(/\s+/);
    if (/^(Permanent)?MACAddress$/.test(key) && !nics.some((nic) => macs.includes(nic.mac.toLowerCase())))
      return `MACAddress=${value}`;
  }
  return null;
}

/** Only if the VM has one card is it clear which is meant. Pure. */
export function fittingNetwork(text: string, nics: readonly IntendedNic[]): string {
  const [only] = nics;
  if (only === undefined || nics.length !== 1 || lostMatch(text, nics) === null) return text;
  let named = false;
  return editSections(text, ({ section, key }) => {
    if (section !== "Match" || !/^(Path|Driver|MACAddress|PermanentMACAddress)$/.test(key)) return null;
    if (named) return { line: "" };
    named = true;
    return { line: `Name=${only.name}\n` };
  });
}
