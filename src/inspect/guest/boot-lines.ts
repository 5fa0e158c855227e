// SPDX-License-Identifier: Apache-2.0
// All lines that a guest mounts or swaps to at boot, of fstab and of units of systemd, as they stand.
import type { GuestView } from "../../core/index.ts";
import { type FstabLine, parseFstab } from "./fstab-lines.ts";
import { readMountUnits } from "./names/units.ts";

export type BootLine = FstabLine & {
  /** Path of the file in the guest. */
  readonly from: string;
};

const MAX_BYTES = 16 * 2 ** 20;

/** [] for an fstab that is larger than any real one. */
export async function readBootLines(view: GuestView): Promise<readonly BootLine[]> {
  const text = await view.readText("/etc/fstab", { maxBytes: MAX_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  });
  const units = (await readMountUnits(view)).filter(({ enabled }) => enabled);
  return [
    ...parseFstab(text ?? "").map((line) => ({ ...line, from: "/etc/fstab" })),
    ...units.map(({ spec, path, type, options, unit }) => ({ spec, path, type, options, from: unit })),
  ];
}
