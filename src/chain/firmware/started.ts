// SPDX-License-Identifier: Apache-2.0
// What the firmware's link comes to: which loader goes on.
import type { ChainLink } from "../../core/index.ts";

/** Which kind of loader was started; null: none that is known. */
export type Started = {
  readonly link: ChainLink;
  readonly loader: "grub2" | "grub-legacy" | "syslinux" | "systemd-boot" | "stub" | "lilo" | null;
  /** Of a GRUB on an EFI system partition: its own configuration. */
  readonly menu: string | null;
  /** The loader is a guess, by the menus in the guest: what was started could not be told. */
  readonly isGuess?: boolean;
  /** Another loader than those of `loader`, by its name. */
  readonly other?: string;
};

/** As inspection named it, by the menu that it found. */
export function loaderOf(name: string): Started["loader"] {
  const known = {
    grub2: "grub2",
    "grub-legacy": "grub-legacy",
    extlinux: "syslinux",
    "systemd-boot": "systemd-boot",
  } as const;
  return name in known ? known[name as keyof typeof known] : null;
}
