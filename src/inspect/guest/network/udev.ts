// SPDX-License-Identifier: Apache-2.0
// Names that udev rules gave to cards by MAC: 70-persistent-net.rules and its like since 2005.
import { isInterfaceName } from "../../../core/index.ts";
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

/** `KERNELS=="0000:04:01.0"`, `ENV{ID_PATH}=="pci-0000:04:01.0"`, `ENV{ID_NET_NAME_PATH}=="enp4s1"`. */
function slotIn(rule: string): string | null {
  const [, key = "", value = ""] =
    /(?:^|[\s,])(KERNELS|ID|ENV\{ID_PATH\}|ENV\{ID_NET_NAME_[A-Z]{3,7}\})\s*==\s*"([^"*?[]{1,40})"/i.exec(
      rule,
    ) ?? [];
  if (key.includes("NET_NAME")) return isInterfaceName(value) ? value : null;
  return parseSlot(value);
}
