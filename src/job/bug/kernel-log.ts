// SPDX-License-Identifier: Apache-2.0
// Lines of the kernel's log about disks, and what stands on them. Of everything else in it nobody need know.
import { UserError } from "../../core/index.ts";
import { run, RunError } from "../../system/index.ts";
import type { Content } from "./content.ts";

/** Names of disks, their drivers and buses, what lies between disks and file systems, and file systems. */
const ABOUT_DISKS = new RegExp(
  [
    String.raw`\b(?:sd[a-z]{1,3}|hd[a-z]|vd[a-z]|xvd[a-z]|nvme\d+|mmcblk\d+|dm-\d+|md\d+|loop\d+|sr\d+|nbd\d+)`,
    String.raw`\b(?:ata\d|ahci|libata|scsi|sd \d|sas|raid|megaraid|hpsa|smartpqi|mptsas|nvme|usb-storage|uas)`,
    String.raw`\b(?:virtio_(?:blk|scsi)|iscsi|multipath|device-mapper|dm_\w+|bcache|drbd|zfs)`,
    String.raw`\b(?:EXT[234]-fs|XFS|BTRFS|JBD2?|FAT-fs|ISOFS|SQUASHFS|fuse|overlayfs)\b`,
    String.raw`I/O error|blk_update_request|end_request|read-only block-device|GPT:|partition table`,
  ].join("|"),
  "i",
);
/** A command line may have a password in it, and is shown elsewhere. */
const NOT_THESE = /command line|audit|apparmor|systemd\[/i;

const MAX_LINES = 3000;

/** The last ones, where there are many. Pure. */
export function linesAboutDisks(log: string): readonly string[] {
  const lines = log.split("\n").filter((line) => ABOUT_DISKS.test(line) && !NOT_THESE.test(line));
  return lines.slice(-MAX_LINES);
}

export async function readKernelLog({ signal }: { signal: AbortSignal }): Promise<Content> {
  try {
    const { stdout } = await run(["dmesg"], { timeoutMs: 20_000, signal });
    return { kind: "text", text: `${linesAboutDisks(stdout).join("\n")}\n` };
  } catch (error) {
    if (error instanceof RunError || error instanceof UserError || error instanceof RangeError)
      return { kind: "left-out", why: error.message };
    throw error;
  }
}
