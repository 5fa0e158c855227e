// SPDX-License-Identifier: Apache-2.0
// Why a file system could not be mounted, in words for a person: what the kernel wrote into its log says more than mount(8) does.
// Pure.
import { lastWords } from "../../core/index.ts";

type Failed = {
  readonly type: string;
  /** mount's own words. */
  readonly stderr: string;
  /** Lines of the kernel's log that name the device, oldest first. */
  readonly log: readonly string[];
  /** Of the running kernel: `6.1.0-18-amd64`. */
  readonly release: string;
};

/** What ext4, XFS, btrfs, F2FS and the VFS of Linux 2.6.32 to 6.12 write (fs/ext4/super.c, fs/xfs/libxfs/xfs_sb.c, fs/btrfs/disk-io.c ...). */
const REASONS: readonly { readonly sign: RegExp; readonly words: (failed: Failed) => string }[] = [
  {
    sign: /unknown filesystem type|unsupported filesystem/i,
    words: ({ type, release }) => `this kernel (Linux ${release}) has no driver for ${type}`,
  },
  {
    sign: /unsupported (?:optional|incompat|feature)|unknown (?:read-only compat|incompatible|compat).{0,20}feature|feature\(s\)|INCOMPAT|bad feature|unsupported sectorsize|blocksize .{0,40}(?:unsupported|not supported)|bigger than.{0,20}page size|Unsupported (?:filesystem )?encoding/i,
    words: ({ release }) =>
      `it has features that this kernel (Linux ${release}) does not know; a live CD with a newer one may`,
  },
  {
    sign: /exceeds size of device|device size (?:is )?too small|size check failed|block device is smaller|device total_bytes should be/i,
    words: () => "it is larger than the volume it lies on, which was cut off or belongs to a RAID",
  },
  {
    sign: /failed to read the system array|failed to read chunk (?:root|tree)|devid .{0,60}missing|missing device/i,
    words: () => "devices of it are missing or damaged",
  },
  {
    sign: /log mount\/recovery failed|log has mismatched|failed to recover|error loading journal|journal checksum/i,
    words: () => "its log cannot be replayed",
  },
  {
    sign: /corrupt|crc error|checksum|bad magic|can't find|invalid superblock|group descriptors|open_ctree failed|I\/O error|bad superblock|unable to read superblock|structure needs cleaning/i,
    words: () => "it is damaged",
  },
];

export function whyNotMounted(failed: Failed): string {
  const { stderr, log } = failed;
  const said = log.length === 0 ? "" : log.slice(-8).join("\n");
  for (const text of [said, stderr])
    for (const { sign, words } of REASONS)
      if (sign.test(text)) {
        const line = log.find((one) => sign.test(one));
        return line === undefined ? words(failed) : `${words(failed)} (the kernel: ${line})`;
      }
  const own = plain(stderr);
  return log.length === 0 ? own : `${own} (the kernel: ${log.at(-1)})`;
}

/** mount(8) names its own directory, and a manual page. */
function plain(stderr: string): string {
  return lastWords(
    stderr.replaceAll(/^mount: [^:\n]*: /gm, "").replaceAll(/^\s*dmesg\(1\) may have more[^\n]*\n?/gm, ""),
  );
}
