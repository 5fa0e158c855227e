// SPDX-License-Identifier: Apache-2.0
// ifcfg files of Red Hat's family: HWADDR must be the address of the VM's card, or ifup ignores the interface
// (initscripts' sysconfig.txt: "HWADDR= ... the interface with this address"; a wrong one fails the device).
import { guestFiles, type IntendedNic, isMac, makeProblem } from "../../../core/index.ts";
import { hasNewAddress } from "../../names/nic-pins.ts";
import { step } from "../step.ts";
import { withNewline } from "../../text/lines.ts";
import { editAssignments } from "../../text/shell-file.ts";

const DIRECTORY = "/etc/sysconfig/network-scripts";

export const ifcfg = step(
  {
    name: "ifcfg",
    explains: "Sets HWADDR in ifcfg files to the MAC address of the VM's card of that name",
  },
  async ({ guest, view, intent, draft }) => {
    // RHEL up to 5 names cards by HWADDR, in ifup; its old udev may not know the keys of our rule.
    const add = guest.family === "redhat" && guest.init === "sysv";
    for (const name of await view.list(DIRECTORY)) {
      const path = `${DIRECTORY}/${name}`;
      if (!name.startsWith("ifcfg-") || /(\.bak|\.orig|\.old|\.rpmnew|\.rpmsave|~)$/.test(name)) continue;
      const text = await draft.read(path, { severity: "notes" });
      if (text === null) continue;
      const { hwaddr, macaddr, device, protocol } = readIfcfg(text, name);
      await draft.edit(path, {
        why: "An interface does not start if its HWADDR is not that of its card",
        edit: (now) => withHwaddr(now, name, { nics: intent.nics, add }),
      });
      const there = intent.nics.some(
        (nic) => nic.mac.toLowerCase() === hwaddr || (nic.name === device && hasNewAddress(nic)),
      );
      if (hwaddr !== "" && !there)
        draft.problem(
          makeProblem("nic-not-in-vm", {
            about: [{ kind: "nic", name: device, mac: hwaddr }, ...guestFiles(path)],
            text: `${path} configures the card ${hwaddr}, and the VM has no such card`,
            advice: `Give it to the VM with --nic ${device}=${hwaddr}, if it is still needed`,
          }),
        );
      if (protocol === "ibft")
        draft.problem(
          makeProblem("nic-no-firmware", {
            about: [{ kind: "nic", name: device, mac: hwaddr === "" ? null : hwaddr }, ...guestFiles(path)],
            text: `${path} lets ${device} take its address from the firmware's iSCSI table (BOOTPROTO=ibft); the VM has no such table, so ${device} gets no address`,
            advice: `Put BOOTPROTO=dhcp or a fixed address there, in the VM or before`,
          }),
        );
      if (macaddr !== "")
        draft.problem(
          makeProblem("nic-other-mac", {
            about: [{ kind: "nic", name: device, mac: macaddr }, ...guestFiles(path)],
            text: `${path} gives ${device} the address ${macaddr} in place of its card's own`,
            advice: "Where the host lets only the card's own address through, remove MACADDR in the VM",
          }),
        );
    }
  },
);

type Ifcfg = {
  readonly hwaddr: string;
  readonly macaddr: string;
  readonly device: string;
  readonly protocol: string;
};

function readIfcfg(text: string, file: string): Ifcfg {
  const found = new Map<string, string>();
  editAssignments(text, (name, value) => {
    found.set(name, value.trim());
    return null;
  });
  const mac = (key: string): string => {
    const value = (found.get(key) ?? "").toLowerCase().replaceAll("-", ":");
    return isMac(value) ? value : "";
  };
  const device = found.get("DEVICE") ?? file.slice("ifcfg-".length);
  return {
    hwaddr: mac("HWADDR"),
    macaddr: mac("MACADDR"),
    device,
    protocol: (found.get("BOOTPROTO") ?? "").toLowerCase(),
  };
}

type Cards = { readonly nics: readonly IntendedNic[]; readonly add: boolean };

/** Pure. An address that is right keeps its case; `add`: a file without HWADDR gets it. */
export function withHwaddr(text: string, file: string, { nics, add }: Cards): string {
  const { hwaddr, device } = readIfcfg(text, file);
  const nic = nics.find((candidate) => candidate.name === device);
  if (nic === undefined || hwaddr === nic.mac.toLowerCase()) return text;
  const mac = nic.mac.toUpperCase();
  if (hwaddr !== "" && !hasNewAddress(nic)) return text;
  if (hwaddr !== "") return editAssignments(text, (name) => (name === "HWADDR" ? mac : null));
  return add && !/^[ \t]*HWADDR=/m.test(text) ? `${withNewline(text)}HWADDR=${mac}\n` : text;
}
