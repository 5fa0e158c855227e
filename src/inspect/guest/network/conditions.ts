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

/** The first that this card does not meet, as it stands; null: all are met. */
export const unmetCondition = (all: readonly Condition[], card: Surroundings): string | null =>
  all.find((one) => !isMet(one, card))?.text ?? null;

/** Any one of the optional parts, and all of the needed ones. */
function isMet({ asks, parts }: Condition, card: Surroundings): boolean {
  if (asks === "words" && card.words === null) return true;
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

/** systemd: `!` before a list inverts all of it. */
export function unitConditions(ini: Ini): readonly Condition[] {
  const found: Condition[] = [];
  for (const [key, asks] of [
    ["Driver", "driver"],
    ["Path", "path"],
    ["KernelCommandLine", "words"],
    ["Virtualization", "virtualization"],
  ] as const) {
    const value = iniValues(ini, "Match", key).join(" ").trim();
    const not = value.startsWith("!");
    const patterns = value.slice(not ? 1 : 0).split(/\s+/);
    const parts = patterns.flatMap((pattern) => (pattern === "" ? [] : [{ pattern, not, needed: not }]));
    if (parts.length > 0) found.push({ asks, parts, text: `${key}=${value}` });
  }
  return found;
}

/** netplan: one glob or a list of them. */
export function driverCondition(globs: readonly string[]): readonly Condition[] {
  if (globs.length === 0) return [];
  const parts = globs.map((pattern) => ({ pattern, not: false, needed: false }));
  return [{ asks: "driver", parts, text: `driver: ${globs.join(", ")}` }];
}
