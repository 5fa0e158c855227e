// SPDX-License-Identifier: Apache-2.0
// The disk that a VM boots from: its firmware counts it first, wherever it stands among the others.
import type { GuestOS } from "../guest.ts";
import type { Intent } from "../plan.ts";
import { diskNumberOf } from "./node-id.ts";

type Wanted = Pick<Intent, "storage" | "disks"> & Partial<Pick<Intent, "firmware">>;

/**
 * The disk that holds the boot loader's or the root's partition; the first one where nothing tells. A BIOS starts code, not
 * partitions: where that disk has none, and one other has, it is the other (a loader on a small first disk or stick).
 */
export function bootDiskOf(
  { storage, disks, firmware }: Wanted,
  guest: Pick<GuestOS, "mounts" | "root"> | null,
): number {
  const boot = guest?.mounts.find((mount) => mount.path === "/boot")?.node ?? guest?.root;
  const number = boot === undefined || boot === null ? null : diskNumberOf(boot);
  const marked = storage.nodes.find(({ holds }) => holds.kind === "partition" && holds.bootable)?.id;
  const fallback = marked === undefined ? null : diskNumberOf(marked);
  const chosen = number ?? fallback ?? disks[0]?.number ?? 1;
  if (firmware?.kind === "uefi") return chosen;
  const codes = storage.nodes.flatMap(({ id, holds }) => {
    const disk = holds.kind === "disk" && holds.boot !== undefined ? diskNumberOf(id) : null;
    return disk === null || holds.kind !== "disk" ? [] : [{ disk, starts: holds.boot?.kind !== "none" }];
  });
  const [starting, ...more] = codes.filter(({ starts }) => starts);
  const isDead = codes.some(({ disk, starts }) => disk === chosen && !starts);
  return isDead && starting !== undefined && more.length === 0 ? starting.disk : chosen;
}
