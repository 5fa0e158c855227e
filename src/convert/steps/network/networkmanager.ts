// SPDX-License-Identifier: Apache-2.0
// NetworkManager's keyfiles: a profile that asks for an old card's address, slot or driver matches no card of the VM
// (nm-settings-keyfile(5); nm-settings-nmcli(5): 802-3-ethernet.mac-address, match.path, match.driver).
import {
  findNic,
  guestFiles,
  type IntendedNic,
  isMac,
  makeProblem,
  matchesGlob,
} from "../../../core/index.ts";
import { hasNewAddress } from "../../names/nic-pins.ts";
import { step } from "../step.ts";
import { commentOut } from "../../text/lines.ts";
import { editSections, type Entry, readSections } from "../../text/sections.ts";

const DIRECTORY = "/etc/NetworkManager/system-connections";
const WIRED = /^(ethernet|802-3-ethernet)$/;

export const networkManager = step(
  {
    name: "networkmanager",
    explains:
      "Makes NetworkManager's profiles match the VM's cards, where they ask for an address, slot or driver",
  },
  async ({ intent, view, draft }) => {
    const { nics } = intent;
    for (const name of await view.list(DIRECTORY)) {
      const path = `${DIRECTORY}/${name}`;
      const text = await draft.read(path, { severity: "notes" });
      if (text === null) continue;
      await draft.edit(path, {
        why: "A profile for a card that the VM does not have is not used",
        edit: (now) => fittingProfile(now, nics),
      });
      const left = readSections(fittingProfile(text, nics));
      const mac = left.find((entry) => WIRED.test(entry.section) && entry.key === "mac-address")?.value ?? "";
      if (mac !== "" && !nics.some((nic) => nic.mac.toLowerCase() === mac.toLowerCase()))
        draft.problem(
          makeProblem("nic-not-in-vm", {
            about: [{ kind: "nic", name: null, mac }, ...guestFiles(path)],
            text: `${path} is for the card ${mac}, and the VM has no such card`,
            advice: "Give the VM that address with --nic NAME=MAC, or change the profile in the VM",
          }),
        );
      const lost = left.find(isLost);
      if (lost !== undefined)
        draft.problem(
          makeProblem("nic-not-in-vm", {
            about: guestFiles(path),
            text: `${path} is for cards with ${lost.key}=${lost.value}, and no card of the VM is known to be it`,
            advice: "Put interface-name= in place of it, in the VM or before",
          }),
        );
      const cloned = left.find(
        (entry) => WIRED.test(entry.section) && entry.key === "cloned-mac-address",
      )?.value;
      if (cloned !== undefined && isMac(cloned))
        draft.problem(
          makeProblem("nic-other-mac", {
            about: [{ kind: "nic", name: null, mac: cloned }, ...guestFiles(path)],
            text: `${path} gives its card the address ${cloned} in place of its own`,
            advice:
              "Where the host lets only the card's own address through, remove cloned-mac-address in the VM",
          }),
        );
    }
  },
);

/**
 * Pure. Only a profile whose card is known can be made to fit: by its name, which is pinned to the VM's card, by a pattern that the
 * name fits, by the card's address or old slot; and one for a driver alone is for the VM's only card.
 */
export function fittingProfile(text: string, nics: readonly IntendedNic[]): string {
  const entries = readSections(text);
  const valueOf = (section: RegExp, key: string): string | undefined =>
    entries.find((one) => section.test(one.section) && one.key === key)?.value;
  const name = valueOf(/^connection$/, "interface-name");
  const path = valueOf(/^match$/, "path");
  const lost = entries.filter(isLost);
  const found = findCard({ name, path, pattern: valueOf(/^match$/, "interface-name") }, nics);
  const byMac = nics.find(({ mac }) => mac === valueOf(WIRED, "mac-address")?.toLowerCase());
  const only = lost.length > 0 && nics.length === 1 && valueOf(WIRED, "mac-address") === undefined;
  const nic = found ?? byMac ?? (only ? nics[0] : undefined);
  if (nic === undefined) return text;
  // A profile that finds its card by slot or driver alone, finds it by name.
  let isNamed = name !== undefined || nic === byMac || valueOf(/^match$/, "interface-name") !== undefined;
  return editSections(text, (entry, line) => {
    const { section, key, value } = entry;
    if (WIRED.test(section) && key === "mac-address" && isMac(value) && hasNewAddress(nic))
      return value.toLowerCase() === nic.mac.toLowerCase() ? null : { value: nic.mac.toUpperCase() };
    if (!isLost(entry)) return null;
    const by = found === undefined ? "its address" : "interface-name";
    if (isNamed) return { line: commentOut(line, `the VM's card sits elsewhere; ${by} finds it`) };
    isNamed = true;
    return { line: `interface-name=${nic.name};\n` };
  });
}

/** Asks for a place or a driver of the old card; exceptions (`!igb`) hold in the VM too. */
const isLost = ({ section, key, value }: Entry): boolean =>
  section === "match" &&
  ((key === "path" && /(?:^|[;,\s|&])pci-[0-9a-f]/.test(value)) ||
    (key === "driver" && !/virtio|vif|\*/.test(value) && /(?:^|[;,\s|&])[a-z0-9]/.test(value)));

type Sought = Readonly<Record<"name" | "path" | "pattern", string | undefined>>;

function findCard(
  { name, path, pattern }: Sought,
  nics: readonly IntendedNic[],
): IntendedNic | null | undefined {
  if (name !== undefined) return nics.find((nic) => nic.name === name);
  const placed = path === undefined ? null : findNic(nics, path.replace(/;$/, ""));
  if (placed !== null) return placed;
  const patterns = (pattern ?? "").split(/[;,\s]+/).filter((one) => /^[^!]/.test(one));
  return nics.find((nic) => patterns.some((one) => matchesGlob(one.replace(/^[|&]/, ""), nic.name)));
}
