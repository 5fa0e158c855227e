// SPDX-License-Identifier: Apache-2.0
// multipath's lists of disks by WWID. Their names may still be needed for a SAN that the VM gets too: so only on request.
import { step } from "../step.ts";

/** multipath.conf(5), `bindings_file`, `wwids_file`; RHEL 5 and SLES 11 kept the first in /var/lib. */
const FILES = ["/etc/multipath/wwids", "/etc/multipath/bindings", "/var/lib/multipath/bindings"];

export const multipath = step(
  {
    name: "multipath",
    explains: "On request: removes multipath's lists of the old machine's disks (bindings, wwids)",
    optional: true,
  },
  async ({ draft }) => {
    for (const path of FILES)
      if (/^[ \t]*[^#\s]/m.test((await draft.read(path, { severity: "notes" })) ?? ""))
        await draft.remove(path, { why: "multipath's lists name disks of the old machine" });
  },
);
