// SPDX-License-Identifier: Apache-2.0
// Which mount options a guest's file system gets from us. Pure: the guest's own options are hostile input.

/** File systems that this kernel may be asked to mount. Others are left alone, and copied. */
export const MOUNTABLE: ReadonlySet<string> = new Set([
  "ext2",
  "ext3",
  "ext4",
  "xfs",
  "btrfs",
  "f2fs",
  "jfs",
  "reiserfs",
  "vfat",
]);

const isExt = (type: string): boolean => /^ext[234]$/.test(type);

/** What decides which files are seen, or how new ones are stored; all else is ours to choose. */
const GUEST_OPTIONS: Readonly<Record<string, RegExp>> = {
  btrfs: /^(?:subvol=[\w@./+-]{1,1024}|subvolid=\d{1,20}|compress(?:-force)?(?:=[a-z]+(?::\d{1,2})?)?)$/,
};

/** Devices of ours that the file system needs too. */
export type Beside = { readonly log?: string | null; readonly devices?: readonly string[] };

/**
 * The options for mount(8). errors=remount-ro: the file system itself can ask for a panic of the kernel that mounts it.
 * nouuid: a copy of the same XFS may be mounted here. `nodev,nosuid` come with system/mount.ts.
 */
export function mountOptions(
  type: string,
  guestOptions: string,
  { readOnly, log = null, devices = [] }: Beside & { readonly readOnly: boolean },
): readonly string[] {
  const options = [readOnly ? "ro" : "rw", "noatime"];
  if (isExt(type)) options.push("errors=remount-ro");
  if (type === "xfs") options.push("nouuid");
  if (type === "vfat") options.push("umask=0022"); // its files have one mode, else that of our own umask
  if (log !== null) options.push(`${type === "xfs" ? "logdev" : "journal_path"}=${log}`);
  options.push(...devices.map((path) => `device=${path}`));
  const allowed = GUEST_OPTIONS[type];
  if (allowed !== undefined)
    options.push(...guestOptions.split(",").filter((option) => allowed.test(option)));
  return options;
}

/**
 * Only where nothing can be replayed, since the device is read-only: the file system is shown as the power cut left it.
 * null: this type has no such option.
 */
export function withoutReplay(type: string): string | null {
  if (type === "ext3" || type === "ext4") return "noload";
  if (type === "xfs") return "norecovery";
  return type === "btrfs" ? "rescue=nologreplay" : null;
}
