// SPDX-License-Identifier: Apache-2.0
// .link files that name a card by its slot or driver. Those that match by MAC address belong to nic-names.
import { step } from "../step.ts";
import { commentOut, mapLines } from "../../text/lines.ts";
import { readSections } from "../../text/sections.ts";

const LINKS = "/etc/systemd/network";
const WHY = "It names a card by a slot or driver of the old machine; the VM's cards are named by MAC address";

export const linkFiles = step(
  {
    name: "link-files",
    explains: "Disables names in .link files that match a slot or driver of the old machine",
  },
  async ({ view, draft }) => {
    for (const name of await view.list(LINKS))
      if (name.endsWith(".link")) await draft.edit(`${LINKS}/${name}`, { why: WHY, edit: withoutSlotLink });
  },
);

/** systemd.link(5): [Match] Path=, Driver=, Property=ID_PATH=... Pure. */
export function withoutSlotLink(text: string): string {
  const match = readSections(text).filter(({ section }) => section === "Match");
  const value = (key: string): string => match.findLast((entry) => entry.key === key)?.value ?? "";
  const bySlot = /(^|\s)pci-/.test(value("Path")) || /ID_(PATH|NET_NAME)\w*=/.test(value("Property"));
  const byDriver = value("Driver") !== "" && !/virtio|\*/.test(value("Driver"));
  const byMac = value("MACAddress") + value("PermanentMACAddress") !== "";
  if (byMac || (!bySlot && !byDriver)) return text;
  return mapLines(text, (line) =>
    /^[ \t]*Name[ \t]*=/.test(line) ? commentOut(line, "cards are named in 10-p2v-*.link") : line,
  );
}
