// SPDX-License-Identifier: Apache-2.0
// Where the guest's EFI system partitions are mounted during conversion.
import { findNode, type GuestOS, type Intent } from "../../core/index.ts";

/** Where distributions mount it; inspection mounts it there too if fstab does not. */
const ESP_PATHS: ReadonlySet<string> = new Set(["/boot/efi", "/efi", "/boot"]);

export function espMounts({ guest, intent }: { guest: GuestOS; intent: Intent }): readonly string[] {
  const found = guest.mounts.filter(({ path, node }) => {
    const holds = node === null ? undefined : findNode(intent.storage, node)?.holds;
    return ESP_PATHS.has(path) && holds?.kind === "filesystem" && holds.type === "vfat";
  });
  return [...new Set(found.map(({ path }) => path))];
}
