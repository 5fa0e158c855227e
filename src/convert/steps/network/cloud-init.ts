// SPDX-License-Identifier: Apache-2.0
// cloud-init: without its data source it takes the VM for a new machine, with DHCP on the first card and new ssh host keys. It is
// told to leave the network alone, and to trust what it knows (cloud-init's documentation, "Disabling network configuration").
import { guestFiles, makeProblem } from "../../../core/index.ts";
import { step } from "../step.ts";

/** The last to be read, so that nothing else has the last word. */
const FILE = "/etc/cloud/cloud.cfg.d/zz-virt-p2v.cfg";

const TEXT = `# Written by virt-p2v: this system was moved to a virtual machine, where its data source may be out of reach.
# Its network stays as it was configured, and it stays the instance that it was.
# Remove this file to let cloud-init set the machine up anew.
network: {config: disabled}
manual_cache_clean: true
`;

export const cloudInit = step(
  {
    name: "cloud-init",
    explains:
      "Keeps cloud-init from setting the VM up as a new machine: its network, its name, its ssh host keys",
  },
  async ({ guest: { cloudInit: found }, draft }) => {
    if (found === undefined || (found.leavesNetwork && (found.keepsInstance || found.source === "None")))
      return;
    await draft.write(FILE, {
      why: "Without its data source cloud-init would take the VM for a new machine, and write its network anew",
      text: TEXT,
    });
    const from =
      found.source === null || found.source === "None" ? "" : ` from the data source ${found.source}`;
    draft.problem(
      makeProblem("cloud-init-kept", {
        about: guestFiles(FILE),
        text: `cloud-init set this machine up${from}; in the VM it leaves the network, the name and the ssh host keys as they are`,
        advice: `Remove ${FILE} in the VM if cloud-init is to set it up anew`,
      }),
    );
  },
);
