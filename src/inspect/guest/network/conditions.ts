// SPDX-License-Identifier: Apache-2.0
// What a profile asks of a card and of the system beside the card's name and address: nm-settings(5) `match`, systemd.network(5)
// [Match], netplan-yaml(5) `match`. Pure.
import { patternOf } from "../../../core/index.ts";
import { type Condition, type Ini, iniValues } from "./source.ts";

type Part = Condition["parts"][number];

/** A card of the VM, and what it runs in. */
export type Surroundings = {
  /** What the kernel calls its driver, in old and new words. */
  readonly drivers: readonly string[];
  /** ID_PATH of udev, as far as it is known: its kind (`pci-`, `xen-`). */
  readonly path: string;
  /** Words of the kernel's command line; null: not known. */
  readonly words: readonly string[] | null;
  /** In the words of systemd-detect-virt(1). */
  readonly virtualization: readonly string[];
};

/** The first that this card does not meet, as it stands; null: all are met, or not known to be unmet. */
export const unmetCondition = (all: readonly Condition[], card: Surroundings): string | null =>
  all.find((one) => !isUnknown(one, card) && !isMet(one, card))?.text ?? null;

/** The first of which nobody can say before the VM runs. */
export const unknownCondition = (all: readonly Condition[], card: Surroundings): string | null =>
  all.find((one) => isUnknown(one, card))?.text ?? null;

const isUnknown = ({ asks }: Condition, card: Surroundings): boolean =>
  asks === "unknown" || (asks === "words" && card.words === null);

/** Files for bridges, VLANs, containers and WLAN are for no card of any VM. */
export const isForCards = (all: readonly Condition[]): boolean =>
  all.every((one) => one.asks !== "nature" || isMet(one, NO_CARD));

const NO_CARD: Surroundings = { drivers: [], path: "", words: null, virtualization: [] };

/** Any one of the optional parts, and all of the needed ones. */
function isMet({ asks, parts }: Condition, card: Surroundings): boolean {
  const fits = ({ pattern, not }: Part): boolean => has(asks, pattern, card) !== not;
  const optional = parts.filter(({ needed }) => !needed);
  return (optional.length === 0 || optional.some(fits)) && parts.filter(({ needed }) => needed).every(fits);
}

function has(asks: Condition["asks"], pattern: string, card: Surroundings): boolean {
  switch (asks) {
    case "driver":
      return card.drivers.some((driver) => patternOf(pattern).test(driver));
    case "path":
      // Where a card of the VM sits is not known before its host says so; a place of the old machine is another one.
      return (
        /[*?[]/.test(pattern) &&
        [card.path, `${card.path}0000:01:00.0`].some((path) => patternOf(pattern).test(path))
      );
    case "words":
      return (card.words ?? []).some((word) => word === pattern || word.startsWith(`${pattern}=`));
    case "virtualization":
      return card.virtualization.includes(pattern.toLowerCase());
    case "nature":
      return patternOf(pattern).test("Type=ether");
    case "unknown":
      return true;
  }
}

/** NetworkManager: `|` optional, `&` needed, `!` inverted (and needed, where nothing else is said), `\` before the pattern. */
export function profileConditions(ini: Ini): readonly Condition[] {
  const found: Condition[] = [];
  for (const [key, asks] of [
    ["driver", "driver"],
    ["path", "path"],
    ["kernel-command-line", "words"],
  ] as const) {
    const value = iniValues(ini, "match", key).at(-1) ?? "";
    const parts = value.split(/[;,\s]+/).flatMap((word): readonly Part[] => {
      const [, sign = "", not = "", pattern = ""] = /^([|&]?)(!?)\\?(.*)$/.exec(word) ?? [];
      return pattern === ""
        ? []
        : [{ pattern, not: not !== "", needed: sign === "&" || (sign === "" && not !== "") }];
    });
    if (parts.length > 0) found.push({ asks, parts, text: `${key}=${value}` });
  }
  return found;
}

/**
 * All keys of [Match] beside names and addresses. A plain card is of the type `ether`, has no kind (that is of what software
 * makes) and no radio.
 */
const UNIT_KEYS: readonly (readonly [key: string, asks: Condition["asks"]])[] = [
  ["Type", "nature"],
  ["Kind", "nature"],
  ["WLANInterfaceType", "nature"],
  ["SSID", "nature"],
  ["BSSID", "nature"],
  ["Driver", "driver"],
  ["Path", "path"],
  ["KernelCommandLine", "words"],
  ["Virtualization", "virtualization"],
  ...["Property", "Host", "KernelVersion", "Version", "Credential", "Architecture", "Firmware"].map(
    (key) => [key, "unknown"] as const,
  ),
];

/** systemd: `!` before a list inverts all of it; a key that is said again goes on, and an empty one begins anew. */
export function unitConditions(ini: Ini): readonly Condition[] {
  return UNIT_KEYS.flatMap(([key, asks]) => {
    const lines = iniValues(ini, "Match", key);
    const said = lines.slice(lines.lastIndexOf("") + 1);
    const parts = said.flatMap((line): readonly Part[] => {
      const not = line.startsWith("!");
      const patterns = line.slice(not ? 1 : 0).split(/\s+/);
      return patterns
        .filter((pattern) => pattern !== "")
        .map((pattern) => ({
          pattern: asks === "nature" ? `${key}=${pattern}` : pattern,
          not,
          needed: not,
        }));
    });
    return parts.length === 0 ? [] : [placed({ asks, parts, text: `${key}=${said.join(" ")}` })];
  });
}

/** What udev says of a card, where it says in other words what keys of their own ask. */
function placed(condition: Condition): Condition {
  const [part, ...more] = condition.parts;
  const [, key = "", pattern = ""] = /^"?(ID_NET_DRIVER|ID_PATH)=([^"]*)"?$/.exec(part?.pattern ?? "") ?? [];
  if (condition.asks !== "unknown" || part === undefined || more.length > 0 || key === "") return condition;
  return { ...condition, asks: key === "ID_PATH" ? "path" : "driver", parts: [{ ...part, pattern }] };
}

/** netplan: one glob or a list of them. */
export function driverCondition(globs: readonly string[]): readonly Condition[] {
  if (globs.length === 0) return [];
  const parts = globs.map((pattern) => ({ pattern, not: false, needed: false }));
  return [{ asks: "driver", parts, text: `driver: ${globs.join(", ")}` }];
}
