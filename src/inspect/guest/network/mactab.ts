// SPDX-License-Identifier: Apache-2.0
// Names by address without udev: /etc/mactab of nameif(8), which mdev runs, and /etc/iftab of ifrename(8).
import {
  isPhysicalName,
  type NetworkSource,
  normalMac,
  readSmall,
  type Sighting,
  sighting,
} from "./source.ts";

export const mactab: NetworkSource = {
  name: "mactab",
  async read(view) {
    const sightings: Sighting[] = [];
    for (const from of ["/etc/mactab", "/etc/iftab"])
      for (const line of ((await readSmall(view, from)) ?? "").split("\n", 1000)) {
        const [, name = "", mac] =
          /^[ \t]*([A-Za-z0-9._-]{1,15})[ \t]+(?:mac[ \t=]+)?([0-9A-Fa-f:]{17})(?=\s|$)/.exec(line) ?? [];
        const own = normalMac(mac);
        if (own !== null && isPhysicalName(name))
          sightings.push(sighting({ name, mac: own, how: "names", from }));
      }
    return { sightings, made: [] };
  },
};
