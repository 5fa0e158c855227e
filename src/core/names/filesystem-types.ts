// SPDX-License-Identifier: Apache-2.0
// Types of file systems as fstab(5) writes them against those that are found on disks (blkid's names). Pure.

/** Drivers that mount what another name stands for. ntfs-3g(8), mount.fuse(8), ext4 of the kernel, mount(8) on vfat. */
const SAME: readonly RegExp[] = [
  /^ext[234](?:dev)?$/,
  /^(?:vfat|msdos|umsdos|fat\d*)$/,
  /^(?:ntfs|ntfs-3g|ntfs3|lowntfs-3g|fuseblk|fuse\.ntfs(?:-3g)?|ufsd)$/,
  /^(?:exfat|exfat-fuse|fuseblk|fuse\.exfat)$/,
  /^(?:btrfs|btrfs_member)$/,
  /^(?:reiserfs|reiser4)$/,
];

/** `types`: one, several by comma, or `auto`. */
export function isFileSystemType(types: string, found: string): boolean {
  return types.split(",").some(
    (type) =>
      type === "auto" ||
      type === "none" || // with bind in the options, or a slip that mount(8) forgives
      type === found ||
      SAME.some((names) => names.test(type) && names.test(found)),
  );
}

/** Several mount points are usual, each of another part of it. */
export const hasSubvolumes = (type: string): boolean => type === "btrfs" || type === "bcachefs";

/** Options that are of one family alone, by btrfs(5), ext4(5) and xfs(5): each other one refuses to be mounted with them. */
const OWN: readonly (readonly [types: RegExp, options: RegExp])[] = [
  [/^btrfs$/, /^(?:subvol=|subvolid=|space_cache(?:=|$)|autodefrag$)/],
  [/^(?:btrfs|bcachefs|f2fs)$/, /^compress(?:-force)?(?:=|$)/],
  [/^(?:ext[234]|jfs|reiserfs|gfs2|ocfs2)$/, /^data=(?:journal|ordered|writeback)$/],
  [/^xfs$/, /^(?:logbufs=|logbsize=|logdev=|nouuid$)/],
];
/** Those whose kernel drivers are known to refuse an option that they do not know. */
const STRICT = /^(?:ext[234]|xfs|btrfs)$/;

/** The first of these options for which a file system of this type is not mounted; null: none is known to be. */
export function refusedOption(options: string, type: string): string | null {
  if (!STRICT.test(type)) return null;
  const isForeign = (word: string): boolean =>
    (word.startsWith("errors=") && /^(?:xfs|btrfs)$/.test(type)) ||
    OWN.some(([types, own]) => own.test(word) && !types.test(type));
  return options.split(",").find(isForeign) ?? null;
}

/** Names in the path of a subvolume: installers and snapper make no longer ones. */
export const SUBVOLUME_DEPTH = 4;

/** The last of `subvol=` and `subvolid=` counts, as it stands; null: there is none. */
export const subvolumeWord = (options: string): string | null =>
  options.split(",").findLast((word) => /^subvol(?:id)?=./.test(word)) ?? null;

/** `known`: paths of all subvolumes down to SUBVOLUME_DEPTH, and words with which some were mounted. null: these do not tell. */
export function hasSubvolume(word: string, known: readonly string[]): boolean | null {
  const names = namesOf(word.replace(/^subvol=/, ""));
  // The top is always there (btrfs-subvolume(8)).
  if (names.length === 0 || /^subvolid=[05]$/.test(word) || known.includes(word)) return true;
  if (word.startsWith("subvolid=") || names.length > SUBVOLUME_DEPTH) return null;
  return known.some((path) => namesOf(path).join("/") === names.join("/"));
}

const namesOf = (path: string): readonly string[] => path.split("/").filter((name) => name !== "");

/** `subvol=/@` is `subvol=@`. */
export const isSameSubvolume = (one: string, other: string): boolean =>
  namesOf(one.replace("=", "=/")).join("/") === namesOf(other.replace("=", "=/")).join("/");
