// SPDX-License-Identifier: Apache-2.0
// NetworkManager's keyfiles: a profile that asks for an old card's address, slot or driver matches no card of the VM
// (nm-settings-keyfile(5); nm-settings-nmcli(5): 802-3-ethernet.mac-address, match.path, match.driver).
import { findNic, guestFiles, type IntendedNic, isMac, makeProblem } from "../../../core/index.ts";
import { hasNewAddress } from "../../names/nic-pins.ts";
import { step } from "../step.ts";
import { commentOut } from "../../text/lines.ts";
import { editSections, readSections } from "../../text/sections.ts";

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

/** Pure. Only a profile that names its interface can be made to fit: the name is pinned to the VM's card. */
export function fittingProfile(text: string, nics: readonly IntendedNic[]): string {
  const name = readSections(text).find(
    ({ section, key }) => section === "connection" && key === "interface-name",
  )?.value;
  const entries = readSections(text);
  const path = entries.find(({ section, key }) => section === "match" && key === "path")?.value;
  const nic =
    name === undefined && path !== undefined
      ? findNic(nics, path.replace(/;$/, ""))
      : nics.find((candidate) => candidate.name === name);
  if (nic === null || nic === undefined) return text;
  return editSections(text, ({ section, key, value }, line) => {
    // A profile that finds its card by slot alone, finds it by name.
    if (name === undefined && section === "match" && key === "path")
      return { line: `interface-name=${nic.name};\n` };
    if (WIRED.test(section) && key === "mac-address" && isMac(value) && hasNewAddress(nic))
      return value.toLowerCase() === nic.mac.toLowerCase() ? null : { value: nic.mac.toUpperCase() };
    if (section === "match" && (key === "path" || (key === "driver" && !value.includes("virtio"))))
      return { line: commentOut(line, "the VM's card sits elsewhere; interface-name finds it") };
    return null;
  });
}
