// SPDX-License-Identifier: Apache-2.0
// securetty(5) lists the terminals on which root may log in. The serial console is new: whether root may use it is a
// person's decision, so only on request.
import { step } from "../step.ts";
import { withNewline } from "../../text/lines.ts";

export const securetty = step(
  {
    name: "securetty",
    explains: "On request: lets root log in on the VM's serial console (/etc/securetty)",
    optional: true,
  },
  async ({ intent, draft }) => {
    const ttys = intent.hypervisor === "xen" ? ["ttyS0", "hvc0"] : ["ttyS0"];
    await draft.edit("/etc/securetty", {
      why: "root may not log in on the VM's serial console",
      edit: (text) => {
        const missing = ttys.filter((tty) => !new RegExp(`^${tty}[ \\t\\r]*$`, "m").test(text));
        return missing.length === 0 ? text : `${withNewline(text)}${missing.join("\n")}\n`;
      },
      severity: "notes",
    });
  },
);
