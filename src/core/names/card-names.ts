// SPDX-License-Identifier: Apache-2.0
// Names that one card may have had, by the places that udev knows of it. Pure.
import type { Nic } from "../machine.ts";
import { CARD_PLACES, type CardPlace } from "./interface-claims.ts";

/** Where the running system's udev knows nothing, the name that it gave by place. */
export function placeNames({ name, names }: Nic): ReadonlyMap<string, CardPlace> {
  const places = new Map<string, CardPlace>();
  for (const place of CARD_PLACES) {
    const one = names?.[place];
    if (one !== undefined && !places.has(one)) places.set(one, place);
  }
  const [, kind] = /^en([osp])/.exec(name) ?? [];
  if (names === undefined && kind !== undefined)
    places.set(name, { o: "onboard", s: "slot", p: "path" }[kind] as CardPlace);
  return places;
}

/**
 * The same places in the words of other releases and programs: `np0` behind the name of a port came with newer kernels,
 * biosdevname says `em1` for `eno1` and `p2p1` for `ens2f0`.
 */
export function otherNames(nic: Nic): ReadonlySet<string> {
  const own = placeNames(nic);
  const others = new Set<string>();
  for (const name of own.keys()) {
    const bare = withoutPort(name);
    others.add(bare);
    const [, board] = /^eno(\d{1,3})$/.exec(bare) ?? [];
    if (board !== undefined) others.add(`em${board}`);
    const [, slot, port] = /^ens(\d{1,4})(?:f(\d))?$/.exec(bare) ?? [];
    if (slot !== undefined) others.add(`p${slot}p${Number(port ?? 0) + 1}`);
  }
  for (const name of own.keys()) others.delete(name);
  return others;
}

/** `enp65s0f0` of `enp65s0f0np0`. */
export const withoutPort = (name: string): string => name.replace(/(?<=^en.*)n(?:p\d{1,3}|\d{1,3})$/, "");
