// SPDX-License-Identifier: Apache-2.0
// How far a guest like this one is tested: the three columns of doc/guests.md, repeated in each plan. Pure.
import type { GuestOS } from "../core/index.ts";

export type Support =
  /** Our tests convert such a system and boot the result. */
  | "booted"
  /** Its files are rewritten by goldens of its family; no test boots it. */
  | "goldens"
  /** What is recognized is done, what is not is said. */
  | "generic";

export const SUPPORT_TEXTS: Readonly<Record<Support, string>> = {
  booted: "our tests convert a system like this one and boot it",
  goldens: "our tests compare what is written for its family; none boots it",
  generic: "no test has its like: what is recognized is done, all else is said",
};

type Known = {
  readonly support: Exclude<Support, "generic">;
  readonly ids: readonly string[];
  /** Of the version's first number; all where it has none. */
  readonly versions: readonly [from: number, to: number] | null;
  readonly loaders: readonly string[];
  readonly tools: readonly string[];
};

/** The first that fits counts. tests/matrix boots the first; tests/golden/convert has the others. */
const KNOWN: readonly Known[] = [
  {
    support: "booted",
    ids: ["debian"],
    versions: [11, 13],
    loaders: ["grub2", "systemd-boot", "extlinux"],
    tools: ["initramfs-tools", "dracut"],
  },
  {
    support: "goldens",
    ids: ["debian", "ubuntu"],
    versions: [7, 99],
    loaders: ["grub2"],
    tools: ["initramfs-tools"],
  },
  {
    support: "goldens",
    ids: ["rhel", "centos", "rocky", "almalinux", "ol", "scientific"],
    versions: [4, 6],
    loaders: ["grub-legacy"],
    tools: ["mkinitrd", "dracut"],
  },
  {
    support: "goldens",
    ids: ["rhel", "centos", "rocky", "almalinux", "ol", "scientific"],
    versions: [7, 10],
    loaders: ["grub2"],
    tools: ["dracut"],
  },
  { support: "goldens", ids: ["fedora"], versions: [30, 99], loaders: ["grub2"], tools: ["dracut"] },
  {
    support: "goldens",
    ids: ["sles", "sled"],
    versions: [10, 10],
    loaders: ["grub-legacy"],
    tools: ["mkinitrd"],
  },
  { support: "goldens", ids: ["sles", "sled"], versions: [12, 15], loaders: ["grub2"], tools: ["dracut"] },
  { support: "goldens", ids: ["opensuse-leap"], versions: [15, 15], loaders: ["grub2"], tools: ["dracut"] },
  { support: "goldens", ids: ["arch"], versions: null, loaders: ["grub2"], tools: ["mkinitcpio"] },
  { support: "goldens", ids: ["alpine"], versions: [3, 3], loaders: ["extlinux"], tools: ["mkinitfs"] },
];

export function supportOf({ id, version, loader, initramfsTool, arch, init }: GuestOS): Support {
  const major = Number(/^\d+/.exec(version)?.[0] ?? Number.NaN);
  const found = KNOWN.find(
    ({ ids, versions, loaders, tools }) =>
      ids.includes(id) &&
      (versions === null || (versions[0] <= major && major <= versions[1])) &&
      loaders.includes(loader) &&
      tools.includes(initramfsTool),
  );
  if (found === undefined || (arch !== "x86_64" && arch !== "i686")) return "generic";
  const booted = arch === "x86_64" && (init === "systemd" || init === "sysv");
  return found.support === "booted" && !booted ? "goldens" : found.support;
}
