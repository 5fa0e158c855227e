// SPDX-License-Identifier: Apache-2.0
// Words of a command line that name a network card, for an initramfs that needs the network: dracut.cmdline(7), and the
// kernel's ip= (Documentation/admin-guide/nfs/nfsroot.rst) as initramfs-tools and klibc read it. Pure.
import { findNic, type IntendedNic } from "../../core/index.ts";
import { editWords } from "../text/kernel-words.ts";

export type NamedCards = {
  readonly text: string;
  /** Cards, as the words name them, that the VM does not have. */
  readonly lost: readonly string[];
};

/** Where a value names cards: what stands before, then one name or several with commas between. */
const CARDS: Readonly<Record<string, RegExp>> = {
  ip: /^((?:(?:\[[^\]]*\]|[^:[]*):){5})([A-Za-z][A-Za-z0-9_.-]{0,14})(?=:|$)|^()([A-Za-z][A-Za-z0-9_.-]{0,14})(?=:(?:dhcp6?|auto6?|on|any|none|off|ibft|either6|link6?|link-local|single-dhcp)\b)/,
  bootdev: /^()(.+)$/,
  BOOTIF: /^()(.+)$/,
  vlan: /^([^:]+:)([^:]+)/,
  bond: /^([^:]+:)([^:]+)/,
  bridge: /^([^:]+:)([^:]+)/,
  team: /^([^:]+:)([^:]+)/,
};

export function nameCards(text: string, nics: readonly IntendedNic[]): NamedCards {
  const lost: string[] = [];
  const made = madeNames(text);
  const edited = editWords(text, Object.keys(CARDS), (key, value) => {
    const pattern = CARDS[key];
    const [whole, , cardsA, , cardsB] = pattern?.exec(value) ?? [];
    const cards = cardsA ?? cardsB;
    if (whole === undefined || cards === undefined) return `${key}=${value}`;
    const names = cards.split(",").map((card) => {
      if (made.has(card)) return card;
      const nic = findNic(nics, card);
      if (nic === null) lost.push(card);
      return nic === null || key === "BOOTIF" ? card : nic.name;
    });
    const at = whole.length - cards.length;
    return `${key}=${value.slice(0, at)}${names.join(",")}${value.slice(whole.length)}`;
  });
  return { text: edited, lost };
}

/** Interfaces that the words themselves make or name, and dracut's names for what it makes without being asked. */
function madeNames(text: string): ReadonlySet<string> {
  const made = new Set(["lo", "all", "any", "bond0", "br0", "team0"]);
  editWords(text, ["ifname", "vlan", "bond", "bridge", "team"], (key, value) => {
    made.add(value.split(":", 1)[0] ?? "");
    return `${key}=${value}`;
  });
  return made;
}
