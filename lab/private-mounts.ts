// SPDX-License-Identifier: Apache-2.0
// A mount namespace of a test's own must not hold what its neighbours mount: what they unmount would stay mounted in it, and the
// file system unclean.

/** Shell, for the beginning of a script behind `unshare --mount`: lets go of what is mounted below /tmp. */
export const FORGET_MOUNTS =
  "sed -n 's,^[^ ]* \\(/tmp/[^ ]*\\) .*,\\1,p' /proc/self/mounts | " +
  `while read -r place; do umount -l "$(printf '%b' "$place")" 2>/dev/null || :; done; `;
