// SPDX-License-Identifier: Apache-2.0
// systemd-networkd: .network files that find their card by slot, driver or an address that the VM's card does not have
// (systemd.network(5), [Match]).
import { findNic, guestFiles, type IntendedNic, makeProblem, matchesGlob } from "../../../core/index.ts";
import { hasNewAddress } from "../../names/nic-pins.ts";
import { step } from "../step.ts";
import { editSections, type Entry, readSections } from "../../text/sections.ts";

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
      const text = (await draft.read(path, { severity: "notes" })) ?? "";
      const lost = lostMatch(text, intent.nics);
      if (lost === null) continue;
      await draft.edit(path, {
        why: "A .network file that matches no card is not used",
        edit: (now) => fittingNetwork(now, intent.nics),
      });
      if (fittingNetwork(text, intent.nics) === text)
        draft.problem(
          makeProblem("nic-not-in-vm", {
            about: guestFiles(path),
            text: `${path} is for a card with ${lost}, and no card of the VM is known to be it`,
            advice: `Put Name= with the interface's name in place of it, in the VM or before`,
          }),
        );
    }
  },
);

/** What in [Match] fits no card of the VM; null: everything fits. Pure. */
export function lostMatch(text: string, nics: readonly IntendedNic[]): string | null {
  const lost = matchOf(text).find((entry) => isLost(entry, nics));
  return lost === undefined ? null : `${lost.key}=${lost.value}`;
}

const matchOf = (text: string): readonly Entry[] =>
  readSections(text).filter(({ section }) => section === "Match");

/** `!igb` holds in the VM too. */
function isLost({ key, value }: Entry, nics: readonly IntendedNic[]): boolean {
  if (key === "Path") return /^[^!]*(?:^|\s)pci-[0-9a-f]/.test(value);
  if (key === "Driver") return !/^!|virtio|vif|\*/.test(value);
  const macs = value.toLowerCase().replaceAll("-", ":").split(/\s+/);
  return /^(Permanent)?MACAddress$/.test(key) && !nics.some((nic) => macs.includes(nic.mac.toLowerCase()));
}

/** Pure. Where a name is there already, it alone finds the card. */
export function fittingNetwork(text: string, nics: readonly IntendedNic[]): string {
  const nic = meantCard(text, nics);
  if (nic === null) return text;
  let named = matchOf(text).some(({ key }) => key === "Name");
  return editSections(text, ({ section, key }) => {
    if (section !== "Match" || !/^(Path|Driver|MACAddress|PermanentMACAddress)$/.test(key)) return null;
    if (named) return { line: "" };
    named = true;
    return { line: `Name=${nic.name}\n` };
  });
}

/**
 * By its place in the old machine; else the VM's only card. A file for an address that the only card never had is one of
 * former hardware: it must not come to life.
 */
function meantCard(text: string, nics: readonly IntendedNic[]): IntendedNic | null {
  const lost = lostMatch(text, nics);
  if (lost === null) return null;
  const names = matchOf(text).flatMap(({ key, value }) => (key === "Name" ? value.split(/\s+/) : []));
  if (names.length > 0) {
    const named = nics.find(({ name }) => names.some((one) => matchesGlob(one, name)));
    return named === undefined || (/^(?:Permanent)?MACAddress=/.test(lost) && !hasNewAddress(named))
      ? null
      : named;
  }
  const path = matchOf(text).find(({ key }) => key === "Path")?.value;
  const placed = path === undefined ? null : findNic(nics, path);
  if (placed !== null) return placed;
  const [only, ...more] = nics;
  if (only === undefined || more.length > 0) return null;
  return /^(?:Permanent)?MACAddress=/.test(lost) && !hasNewAddress(only) ? null : only;
}
