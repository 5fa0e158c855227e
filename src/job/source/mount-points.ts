// SPDX-License-Identifier: Apache-2.0
// Which lines of fstab are mounted below the root. Pure.
import type { Mount } from "../../core/index.ts";

/** Lines of fstab that are mounts of the given disks: not swap, not NFS. */
export function mountPoints(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.filter(
    (mount) =>
      mount.path.startsWith("/") && mount.path !== "/" && mount.type !== "swap" && mount.node !== null,
  );
}
