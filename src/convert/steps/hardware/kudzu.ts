// SPDX-License-Identifier: Apache-2.0
// kudzu (RHEL and CentOS up to 5) asks at boot about each device that is gone, and removes its configuration. hwconf is
// what it knew about the old machine (kudzu(8): it compares /etc/sysconfig/hwconf with what it finds).
import { step } from "../step.ts";
import { disableServices } from "./services.ts";

const HWCONF = "/etc/sysconfig/hwconf";

export const kudzu = step(
  {
    name: "kudzu",
    explains: "Disables kudzu, which at boot removes the configuration of hardware that is gone",
  },
  async ({ view, draft }) => {
    const off = await disableServices(draft, view, {
      wanted: (service) => service === "kudzu",
      why: "kudzu would remove the old machine's network cards from the configuration, and wait for an answer",
    });
    if (off.length > 0)
      await draft.remove(HWCONF, {
        why: "It lists the old machine's hardware; kudzu writes it again when it runs",
      });
  },
);
