// SPDX-License-Identifier: Apache-2.0
// Which of the VM's cards a word in a guest's file means. Pure.
import type { IntendedNic } from "../plan.ts";
import { macOfName } from "./interface-claims.ts";
import { parseMac } from "./safe-names.ts";

/**
 * By name, by another name of the same card, by address (`01-52-54-00-...` of BOOTIF= has the type before it), or by place
 * (`bus-pci-0000:01:00.0`). null: none, or more than one.
 */
export function findNic(nics: readonly IntendedNic[], word: string): IntendedNic | null {
  const named = nics.find(({ name }) => name === word);
  if (named !== undefined) return named;
  const mac = macOfName(word) ?? parseMac(word.replace(/^01-(?=(?:[0-9a-f]{2}-){5}[0-9a-f]{2}$)/i, ""));
  const place = word.replace(/^(?:eth-)?(?:bus-)?pci-/, "");
  const [nic, ...more] = nics.filter(({ mac: own, aliases = [] }) =>
    mac === null ? aliases.includes(place) : own === mac,
  );
  return nic === undefined || more.length > 0 ? null : nic;
}
