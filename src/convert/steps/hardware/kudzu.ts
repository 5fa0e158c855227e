// SPDX-License-Identifier: Apache-2.0
// kudzu (RHEL and CentOS up to 5) asks at boot about each device that is gone, and takes its configuration away; hwconf
// is what it knew of the old machine (kudzu(8): it compares /etc/sysconfig/hwconf with what it finds).
import { step } from "../step.ts";
import { disableServices } from "./services.ts";

const HWCONF = "/etc/sysconfig/hwconf";

export const kudzu = step(
  {
    name: "kudzu",
    explains: "Switches kudzu off, which at boot removes the configuration of hardware that is gone",
  },
  async ({ view, draft }) => {
    const off = await disableServices(draft, view, {
      wanted: (service) => service === "kudzu",
      why: "kudzu would take the network cards of the old machine out of the configuration, and wait for an answer",
    });
    if (off.length > 0)
      await draft.remove(HWCONF, {
        why: "It lists the hardware of the old machine; kudzu writes a new one when it is run",
      });
  },
);
