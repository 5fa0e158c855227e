// SPDX-License-Identifier: Apache-2.0
// How a file system was left, from its superblock or its checker's output. Pure.

export type ExtSuperblock = {
  readonly hasJournal: boolean;
  /** The journal holds transactions that are not in their places yet. */
  readonly needsRecovery: boolean;
  readonly cleanlyUnmounted: boolean;
  readonly hasOrphans: boolean;
};

/** From the first 2 KiB of a volume; null when it has no ext superblock. Layout: kernel doc, ext4 "Super Block". */
export function parseExtSuperblock(volume: Uint8Array): ExtSuperblock | null {
  if (volume.length < 2048) return null;
  const view = new DataView(volume.buffer, volume.byteOffset + 1024, 1024);
  if (view.getUint16(0x38, true) !== 0xef53) return null;
  const state = view.getUint16(0x3a, true);
  return {
    hasJournal: (view.getUint32(0x5c, true) & 0x4) !== 0,
    needsRecovery: (view.getUint32(0x60, true) & 0x4) !== 0,
    cleanlyUnmounted: (state & 1) !== 0 && (state & 2) === 0,
    hasOrphans: (state & 4) !== 0 || view.getUint32(0xe8, true) !== 0,
  };
}

/** What the guest's next boot would do to it before use. */
export function extNeeds(superblock: ExtSuperblock): "nothing" | "replay" | "preen" {
  if (superblock.needsRecovery) return "replay";
  if (superblock.cleanlyUnmounted && !superblock.hasOrphans) return "nothing";
  return superblock.hasJournal ? "replay" : "preen";
}

/** Output of `xfs_repair -n`: it warns that its findings mean little before the log is replayed. */
export function xfsHasDirtyLog(output: string): boolean {
  return /valuable metadata changes in a log/.test(output.replaceAll(/\s+/g, " "));
}
