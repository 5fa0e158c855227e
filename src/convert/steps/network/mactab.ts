// SPDX-License-Identifier: Apache-2.0
// Systems without udev: mdev has nameif(8) rename cards as /etc/mactab says, else the kernel counts them in the VM's order.
import { type GuestView, guestFiles, type IntendedNic, makeProblem, parseMac } from "../../../core/index.ts";
import { step } from "../step.ts";
import { mapLines, withNewline } from "../../text/lines.ts";

const MACTAB = "/etc/mactab";
const UDEVS = [
  "/sbin/udevd",
  "/usr/bin/udevadm",
  "/bin/udevadm",
  "/sbin/udevadm",
  "/lib/systemd/systemd-udevd",
];

export const mactab = step(
  {
    name: "mactab",
    explains: "Names the VM's cards in /etc/mactab, where the guest has mdev in place of udev",
  },
  async ({ intent: { nics }, view, draft }) => {
    await draft.edit(MACTAB, {
      why: "nameif gives cards the names of this file by their MAC addresses",
      edit: (text) => withCards(text, nics),
    });
    if ((await view.resolve(MACTAB)) !== null || !(await hasOnlyMdev(view)) || areCounted(nics)) return;
    draft.problem(
      makeProblem("nic-not-pinned", {
        about: [
          ...nics.map(({ name, mac }) => ({ kind: "nic", name, mac }) as const),
          ...guestFiles("/etc/mdev.conf"),
        ],
        severity: "warns",
        text: `The guest has no udev, so its cards get the names eth0 to eth${nics.length - 1} in their order; it configures ${nics.map(({ name }) => name).join(", ")}`,
        advice:
          "Let mdev call nameif, with a line for each card in /etc/mactab, or rename the interfaces in its configuration",
      }),
    );
  },
);

async function hasOnlyMdev(view: GuestView): Promise<boolean> {
  if ((await view.resolve("/etc/mdev.conf")) === null) return false;
  for (const path of UDEVS) if ((await view.resolve(path)) !== null) return false;
  return true;
}

/** Are these the names that a kernel gives to cards in this order? */
const areCounted = (nics: readonly IntendedNic[]): boolean =>
  nics.every(({ name }, index) => name === `eth${index}`);

/** Pure. A line of these cards or names with another partner goes; each card has one. */
export function withCards(text: string, nics: readonly IntendedNic[]): string {
  const there = new Set<string>();
  const kept = mapLines(text, (line) => {
    const [, name = "", address = ""] =
      /^[ \t]*([A-Za-z0-9._-]{1,15})[ \t]+([0-9A-Fa-f:]{17})(?=\s|$)/.exec(line) ?? [];
    const mac = parseMac(address);
    const nic = nics.find((one) => one.name === name || one.mac === mac);
    if (mac === null || nic === undefined) return line;
    if (nic.name !== name || nic.mac !== mac || there.has(name)) return "";
    there.add(name);
    return line;
  });
  const lines = nics.filter(({ name }) => !there.has(name)).map(({ name, mac }) => `${name} ${mac}\n`);
  return lines.length === 0 ? kept : `${withNewline(kept)}${lines.join("")}`;
}
