// SPDX-License-Identifier: Apache-2.0
// Logs that name an interface and its address in one line: dhclient's at each start, cloud-init's at each boot. The last line of
// an interface counts. What kernels log is left out: those names are from before udev gave others.
import type { GuestView } from "../../../core/index.ts";
import { isPhysicalName, type NetworkSource, normalMac, type Sighting, sighting } from "./source.ts";

const LOGS = [
  "/var/log/syslog.1",
  "/var/log/syslog",
  "/var/log/daemon.log",
  "/var/log/messages",
  "/var/log/boot.log",
  "/var/log/cloud-init-output.log",
];
const MAX_BYTES = 16 * 2 ** 20;
const MAX_NAMES = 256;

export const logs: NetworkSource = {
  name: "logs",
  async read(view) {
    const found = new Map<string, Sighting>();
    for (const from of LOGS)
      for (const [name, mac] of parseLog(await readLog(view, from)))
        if (found.size < MAX_NAMES) found.set(name, sighting({ name, mac, how: "seen", from }));
    return { sightings: [...found.values()], made: [] };
  },
};

async function readLog(view: GuestView, path: string): Promise<string> {
  try {
    const bytes = await view.read(path, { maxBytes: MAX_BYTES });
    return bytes === null ? "" : Buffer.from(bytes).toString("latin1");
  } catch (error) {
    if (error instanceof RangeError) return "";
    throw error;
  }
}

const MAC = "((?:[0-9a-f]{2}:){5}[0-9a-f]{2})";
/** `Listening on LPF/eth0/52:54:00:12:34:56` */
const DHCLIENT = new RegExp(`\\bon +LPF/([A-Za-z0-9._-]{1,15})/${MAC}`, "gi");
/** `ci-info: | eth0 | True | 192.0.2.7 | 255.255.255.0 | global | 52:54:00:12:34:56 |` */
const CLOUD_INIT = new RegExp(`ci-info: \\| +([A-Za-z0-9._-]{1,15}) +\\|[^\\n]{1,120}\\| +${MAC} +\\|`, "gi");

/** Names of cards with the address of their last line. Pure. */
export function parseLog(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pattern of [DHCLIENT, CLOUD_INIT])
    for (const [, name = "", mac] of text.matchAll(pattern)) {
      const own = normalMac(mac);
      if (own !== null && isPhysicalName(name) && (found.has(name) || found.size < MAX_NAMES))
        found.set(name, own);
    }
  return found;
}
