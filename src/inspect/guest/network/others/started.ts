// SPDX-License-Identifier: Apache-2.0
// Whether a service of a usual name is started at boot: by a link of systemd, OpenRC or System V's runlevels.
import type { GuestView } from "../../../../core/index.ts";
import { namesIn } from "../source.ts";

const TARGETS = ["multi-user", "network-online", "network", "sysinit", "cloud-init", "graphical"];
const DIRECTORIES = [
  ...TARGETS.map((target) => `/etc/systemd/system/${target}.target.wants`),
  "/etc/runlevels/boot",
  "/etc/runlevels/default",
  "/etc/rc2.d",
  "/etc/rc3.d",
  "/etc/rc5.d",
  "/etc/rcS.d",
];

export async function isStarted(view: GuestView, service: string): Promise<boolean> {
  for (const directory of DIRECTORIES)
    for (const name of await namesIn(view, directory))
      if (name.replace(/^S\d\d/, "").replace(/(?:@[\w.-]{0,40})?\.service$/, "") === service) return true;
  return false;
}
