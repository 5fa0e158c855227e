// SPDX-License-Identifier: Apache-2.0
// How a file system was left, from its superblock or its checker's output. Pure.
import { EXT_COMPAT, EXT_INCOMPAT, EXT_STATE, type ExtSuperblock } from "../core/index.ts";

/** What the guest's next boot would do to it before use. */
export function extNeeds({
  state,
  compat,
  incompat,
  firstOrphan,
}: Pick<ExtSuperblock, "state" | "compat" | "incompat" | "firstOrphan">): "nothing" | "replay" | "preen" {
  if ((incompat & EXT_INCOMPAT.recover) !== 0) return "replay";
  const wasUnmounted = (state & EXT_STATE.clean) !== 0 && (state & EXT_STATE.errors) === 0;
  const hasOrphans = (state & EXT_STATE.orphans) !== 0 || firstOrphan !== 0;
  if (wasUnmounted && !hasOrphans) return "nothing";
  return (compat & EXT_COMPAT.hasJournal) !== 0 ? "replay" : "preen";
}

/** Output of e2fsck or xfs_repair: the file system has features that this checker does not know, which is no damage. */
export function isTooNew(output: string): boolean {
  return /unsupported feature|unknown compat\/rocompat\/incompat features|unsupported filesystem features|Get a newer version of e2fsck|more recent xfs_repair/i.test(
    output.replaceAll(/\s+/g, " "),
  );
}

/** Output of `xfs_repair -n`: it warns that its findings mean little before the log is replayed. */
export function xfsHasDirtyLog(output: string): boolean {
  return /valuable metadata changes in a log/.test(output.replaceAll(/\s+/g, " "));
}
