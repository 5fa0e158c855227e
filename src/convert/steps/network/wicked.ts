// SPDX-License-Identifier: Apache-2.0
// SUSE's ifcfg files named after a slot (SLES 9 and 10: ifcfg-eth-bus-pci-..., getcfg(8)): only reported, since it is not
// known which card was there. ifcfg-eth-id-MAC fits, as addresses are kept.
import { guestFiles, makeProblem, parseMac } from "../../../core/index.ts";
import { step } from "../step.ts";
import { editAssignments } from "../../text/shell-file.ts";

const DIRECTORY = "/etc/sysconfig/network";

export const wicked = step(
  {
    name: "wicked",
    explains:
      "Reports SUSE's ifcfg files for a slot of the old machine, or for a MAC address that the VM does not have",
  },
  async ({ intent, view, draft }) => {
    const macs = intent.nics.map((nic) => nic.mac.toLowerCase());
    for (const name of await view.list(DIRECTORY)) {
      if (!name.startsWith("ifcfg-") || name.endsWith("~")) continue;
      const path = `${DIRECTORY}/${name}`;
      const id = parseMac(/^ifcfg-.*-id-([0-9a-f:]{17})$/i.exec(name)?.[1] ?? "") ?? undefined;
      if (/-bus-/.test(name) || (id !== undefined && !macs.includes(id)))
        draft.problem(
          makeProblem("nic-not-in-vm", {
            about: [
              ...(id === undefined ? [] : [{ kind: "nic", name: null, mac: id } as const]),
              ...guestFiles(path),
            ],
            text: `${path} is for the card ${id ?? `in the slot ${name.replace(/^.*-bus-/, "")}`}, and the VM has no such card`,
            advice: "Rename the file to ifcfg- and the interface's name, as the VM has it",
          }),
        );
      let address = "";
      editAssignments((await draft.read(path, { severity: "notes" })) ?? "", (key, value) => {
        if (key === "LLADDR") address = value;
        return null;
      });
      if (address !== "")
        draft.problem(
          makeProblem("nic-other-mac", {
            about: [{ kind: "nic", name: null, mac: address }, ...guestFiles(path)],
            text: `${path} gives its card the address ${address} in place of its own`,
            advice: "Where the host lets only the card's own address through, remove LLADDR in the VM",
          }),
        );
    }
  },
);
