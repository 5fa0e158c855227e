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

export type BootLines = {
  readonly lines: readonly BootLine[];
  /** Why fstab's are not among them: it is larger than any real one, or no file. null: they are. */
  readonly unread: string | null;
};

export async function readBootLines(view: GuestView): Promise<BootLines> {
  const fstab = await readFstab(view);
  const units = (await readMountUnits(view)).filter(({ enabled }) => enabled);
  return {
    lines: [
      ...(typeof fstab === "string" ? [] : fstab).map((line) => ({ ...line, from: "/etc/fstab" })),
      ...units.map(({ spec, path, type, options, unit }) => ({ spec, path, type, options, from: unit })),
    ],
    unread: typeof fstab === "string" ? fstab : null,
  };
}

async function readFstab(view: GuestView): Promise<readonly FstabLine[] | string> {
  try {
    return parseFstab((await view.readText("/etc/fstab", { maxBytes: MAX_BYTES })) ?? "");
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return error.message;
    throw error;
  }
}
