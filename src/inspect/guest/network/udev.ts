// SPDX-License-Identifier: Apache-2.0
// Names that udev rules gave by MAC: 70-persistent-net.rules and its like; and leases, which name interfaces too.
import { type Finding, isPhysicalName, type NetworkSource, normalMac, readFiles } from "./source.ts";

export const udev: NetworkSource = {
  name: "udev rules",
  async read(view) {
    const found: Finding[] = [];
    for (const { path, text } of await readFiles(view, "/etc/udev/rules.d", /net.*\.rules$|\.rules$/))
      found.push(...parseRules(text, path));
    return found;
  },
};

export function parseRules(text: string, from: string): readonly Finding[] {
  const found: Finding[] = [];
  for (const line of text.split("\n")) {
    if (line.trimStart().startsWith("#") || !/SUBSYSTEM=="net"/.test(line)) continue;
    const mac = normalMac(/ATTR\{address\}=="([^"]+)"/.exec(line)?.[1]);
    const name = /(?:^|[\s,])NAME:?="([^"]+)"/.exec(line)?.[1];
    if (mac !== null && name !== undefined && isPhysicalName(name))
      found.push({ name, mac, from, configured: null });
  }
  return found;
}

export const leases: NetworkSource = {
  name: "dhclient leases",
  async read(view) {
    const found: Finding[] = [];
    for (const directory of ["/var/lib/dhcp", "/var/lib/dhclient"])
      for (const file of await view.list(directory)) {
        const name = /^dhclient[.-](?:[0-9a-f-]{36}-)?(.+)\.leases?$/.exec(file)?.[1];
        if (name !== undefined && isPhysicalName(name))
          found.push({ name, mac: null, from: `${directory}/${file}`, configured: null });
      }
    return found;
  },
};
