// SPDX-License-Identifier: Apache-2.0
// Which kind of overlay a disk gets: the kernel's own where it has device-mapper, else one by QEMU.
import type { SourceDisk } from "../core/index.ts";
import { openQemuOverlay, type Overlay } from "./overlay.ts";
import { canSnapshot, openSnapshot } from "./snapshot.ts";

export type { Overlay } from "./overlay.ts";

/**
 * Opens the view, with its store below `storeDirectory`. UserError `source-in-use` when the disk is mounted or open for
 * writing, `overlay-not-started` otherwise. Dispose removes all of it.
 */
export async function openOverlay(
  disk: SourceDisk,
  options: { storeDirectory: string; signal: AbortSignal },
): Promise<Overlay> {
  return (await canSnapshot(disk)) ? openSnapshot(disk, options) : openQemuOverlay(disk, options);
}
