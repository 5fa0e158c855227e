// SPDX-License-Identifier: Apache-2.0
// The chain of boot: what a VM goes through from its firmware to its network, link by link, and how well each is known.
import type { Prose } from "./problems/problem.ts";
import type { Subject } from "./problems/subject.ts";

/** In the order in which a VM comes to them. */
export const CHAIN_PLACES = [
  "firmware",
  "loader",
  "kernel",
  "initramfs",
  "root",
  "init",
  "mounts",
  "network",
  "console",
] as const;

export type ChainPlace = (typeof CHAIN_PLACES)[number];

export type ChainLink = {
  readonly place: ChainPlace;
  /** `proven`: read in the result. `assumed`: likely, and not read. `broken`: it will fail. */
  readonly verdict: "proven" | "assumed" | "broken";
  /** What happens there, with the actual values: `GRUB 2 in the MBR of disk 1`. */
  readonly text: Prose;
  /** How it is proven, why it is likely, or what breaks it. */
  readonly why: Prose;
  /** What to do; null: nothing. */
  readonly advice: Prose | null;
  readonly about: readonly Subject[];
};

export type Chain = {
  /** The same guest may start on one, and not on the other. */
  readonly platform: "kvm" | "xen";
  /** Of each place there may be several: a network card each. */
  readonly links: readonly ChainLink[];
};

/** Without these the VM does not come up, or stops on the way and asks. */
const NEEDED: ReadonlySet<ChainPlace> = new Set(
  CHAIN_PLACES.filter((place) => place !== "network" && place !== "console"),
);

/** Links for which the VM will not come up by itself. */
export const brokenLinks = ({ links }: Chain): readonly ChainLink[] =>
  links.filter(({ place, verdict }) => verdict === "broken" && NEEDED.has(place));

/** Is all that a boot needs read in the result, so that a VM that does not boot is a defect of ours? */
export const isProven = ({ links }: Chain): boolean =>
  links.length > 0 && links.every(({ place, verdict }) => verdict === "proven" || !NEEDED.has(place));
