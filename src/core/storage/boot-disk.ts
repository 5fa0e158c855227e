// SPDX-License-Identifier: Apache-2.0
// The disk that a VM boots from: its firmware counts it first, wherever it stands among the others.
import type { GuestOS } from "../guest.ts";
import type { Intent } from "../plan.ts";
import { diskNumberOf } from "./node-id.ts";

/** The disk that holds the root's or the boot loader's partition; the first one where nothing tells. */
export function bootDiskOf(
  { storage, disks }: Pick<Intent, "storage" | "disks">,
  guest: Pick<GuestOS, "mounts" | "root"> | null,
): number {
  const boot = guest?.mounts.find((mount) => mount.path === "/boot")?.node ?? guest?.root;
  const number = boot === undefined || boot === null ? null : diskNumberOf(boot);
  const marked = storage.nodes.find(({ holds }) => holds.kind === "partition" && holds.bootable)?.id;
  const fallback = marked === undefined ? null : diskNumberOf(marked);
  return number ?? fallback ?? disks[0]?.number ?? 1;
}
