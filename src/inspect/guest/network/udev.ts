// SPDX-License-Identifier: Apache-2.0
// Names that udev rules gave to cards by MAC: 70-persistent-net.rules and its like since 2005.
import {
  isPhysicalName,
  type NetworkSource,
  normalMac,
  parseSlot,
  readFiles,
  type Sighting,
  sighting,
} from "./source.ts";

export const udev: NetworkSource = {
  name: "udev rules",
  async read(view) {
    const files = await readFiles(view, "/etc/udev/rules.d", /\.rules$/);
    return { sightings: files.flatMap(({ path, text }) => parseRules(text, path)), made: [] };
  },
};

/** `SUBSYSTEM=="net", ..., ATTR{address}=="52:54:00:12:34:56", ..., NAME="eth0"`; SYSFS{} in rules of before 2008. */
export function parseRules(text: string, from: string): readonly Sighting[] {
  const found: Sighting[] = [];
  for (const line of text.replaceAll("\\\n", " ").split("\n")) {
    if (line.length > 4096 || line.trimStart().startsWith("#")) continue;
    if (!/(?:SUBSYSTEMS?\s*==\s*"net"|KERNEL\s*==\s*"eth)/.test(line)) continue;
    const mac = normalMac(/(?:ATTRS?|SYSFS)\{address\}\s*==\s*"([^"]{0,40})"/.exec(line)?.[1]);
    const name = /(?:^|[\s,])NAME\s*:?=\s*"([^"]{0,40})"/.exec(line)?.[1];
    if (name === undefined || !isPhysicalName(name)) continue;
    const slot = mac === null ? slotIn(line) : null;
    if (mac !== null || slot !== null) found.push(sighting({ name, mac, how: "names", slot, from }));
  }
  return found;
}

/** `KERNELS=="0000:04:01.0"`, `ID=="0000:04:01.0"`, `ENV{ID_PATH}=="pci-0000:04:01.0"`. */
function slotIn(rule: string): string | null {
  const text =
    /(?:^|[\s,])(?:KERNELS|ID|ENV\{ID_PATH\})\s*==\s*"(?:pci-)?((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])"/i.exec(
      rule,
    )?.[1];
  return parseSlot(text);
}
