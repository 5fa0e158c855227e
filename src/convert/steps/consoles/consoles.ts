// SPDX-License-Identifier: Apache-2.0
// Logins in inittab on terminals that the VM does not have: serial ports of a management board (ttyS1), consoles of Xen.
// init would restart them again and again ("respawning too fast", init(8)).
import type { Hypervisor } from "../../../core/index.ts";
import { step } from "../step.ts";
import { commentOut, mapLines, MAX_LINE } from "../../text/lines.ts";

export const consoles = step(
  {
    name: "consoles",
    explains: "Disables logins in /etc/inittab on terminals that the VM does not have",
  },
  async ({ intent, draft }) => {
    await draft.edit("/etc/inittab", {
      why: "init would restart a login again and again on a terminal that does not exist",
      edit: (text) => withoutLostConsoles(text, intent.hypervisor),
    });
  },
);

/** inittab(5). The VM has one serial port, ttyS0, and on Xen hvc0. Pure. */
export function withoutLostConsoles(text: string, hypervisor: Hypervisor): string {
  const lost = hypervisor === "xen" ? /\b(ttyS[1-9]\d?|xvc0)\b/ : /\b(ttyS[1-9]\d?|xvc0|hvc0)\b/;
  return mapLines(text, (line) => {
    if (line.length > MAX_LINE) return line;
    const process = /^(?:[^#:\s][^:]{0,7})?:[^:]*:respawn:([^\r\n]*)/.exec(line)?.[1];
    if (process === undefined || !/getty/.test(process) || !lost.test(process)) return line;
    return commentOut(line, "the VM has no such line");
  });
}
