// SPDX-License-Identifier: Apache-2.0
// udev rules that name network cards by their slot (YaST's rule by bus id, s390's, hand-written ones): the VM has other
// slots, and one of them may be another card's. Rules by MAC address belong to nic-names.
import { step } from "../step.ts";
import { commentOut, splitLogicalLines } from "../../text/lines.ts";

const RULES = "/etc/udev/rules.d";
const WHY = "It names network cards by slots of the old machine; the VM's cards are named by MAC address";

export const persistentNet = step(
  {
    name: "persistent-net",
    explains: "Disables udev rules that name network cards by their slot in the old machine",
  },
  async ({ view, draft }) => {
    for (const name of await view.list(RULES))
      if (name.endsWith(".rules")) await draft.edit(`${RULES}/${name}`, { why: WHY, edit: withoutSlotNames });
  },
);

const BY_SLOT =
  /(?:^|[\s,])(?:KERNELS|ID|BUS|DEVPATH|ENV\{ID_PATH(?:_TAG)?\})\s*==\s*"[^"]*[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]|(?:^|[\s,])ENV\{ID_NET_NAME_[A-Z]{3,7}\}\s*==\s*"[^"]/i;

/** udev(7). A rule by slot that also asks for an address names that card wherever it is. Pure. */
export function withoutSlotNames(text: string): string {
  return splitLogicalLines(text)
    .map((rule) => {
      if (/^[ \t]*#/.test(rule) || rule.length > 16_384) return rule;
      const names = /(?:^|[\s,])NAME\s*:?=\s*"[^"]+"/.test(rule) && /SUBSYSTEM\s*==\s*"net"/.test(rule);
      if (!names || !BY_SLOT.test(rule) || /\{address\}\s*==/.test(rule)) return rule;
      return commentOut(rule, "a slot of the old machine; cards are named in 70-p2v-net.rules");
    })
    .join("");
}
