// SPDX-License-Identifier: Apache-2.0
// From what blkid found to what a node holds. What is not understood is opaque: copied whole, and it says why.
import type { Holds } from "../../core/index.ts";
import type { Content } from "./probe.ts";

/** Partitions that hold boot code or nothing by design (types of sfdisk --list-types). */
const BY_DESIGN: Readonly<Record<string, string>> = {
  "21686148-6449-6E6F-744E-656564454649": "BIOS boot partition: boot code of GRUB",
  "9E1A2D38-C612-4316-AA26-8B49521E5A8B": "PReP boot partition: boot code",
  "E3C9E316-0B5C-4DB8-817D-F92DF00215AE": "Microsoft reserved partition",
  "41": "PReP boot partition: boot code",
};

/** Parts of something larger, by blkid's names (some are file systems for it), and what they are. All are copied whole. */
const PARTS: Readonly<Record<string, string>> = {
  zfs_member: "member of a ZFS pool",
  drbd: "DRBD, a mirror over the network",
  drbdproxy_datalog: "log of a DRBD proxy",
  drbdmanage_control_volume: "control volume of DRBD",
  bcache: "bcache: a cache and its backing disk belong together",
  vdo: "VDO, compressed blocks",
  stratis: "member of a Stratis pool",
  ceph_bluestore: "Ceph BlueStore",
  oracleasm: "disk of Oracle ASM",
  LVM1_member: "physical volume of LVM 1",
  DM_snapshot_cow: "changes of a device-mapper snapshot",
  DM_integrity: "dm-integrity",
  DM_verity_hash: "hashes of dm-verity",
  VMFS: "VMFS of VMware",
  VMFS_volume_member: "member of a VMFS volume of VMware",
  BitLocker: "BitLocker, encrypted by Windows",
};

export function contentHolds(content: Content, partitionType: string | null): Holds {
  if (content.kind === "ambiguous") {
    const { types = [] } = content;
    const which = types.length > 1 ? types.join(" and ") : "several file systems";
    return { kind: "opaque", why: `signatures of ${which}`, content: "mixed" };
  }
  const byDesign = BY_DESIGN[partitionType ?? ""];
  if (content.kind === "nothing")
    return byDesign === undefined
      ? { kind: "opaque", why: "no known content", content: "none-known" }
      : { kind: "opaque", why: byDesign, content: "by-design" };
  const { usage, type, uuid, label } = content;
  switch (type) {
    case "LVM2_member":
      return { kind: "lvm-pv", uuid: uuid ?? "" };
    case "linux_raid_member":
      return { kind: "md-member", uuid: uuid ?? "" };
    case "crypto_LUKS":
      return { kind: "luks", uuid: uuid ?? "" };
    case "swap":
    case "swsuspend":
      return { kind: "swap", uuid: uuid ?? "", label, hibernated: type === "swsuspend" };
    case "xfs_external_log":
      return { kind: "opaque", why: "log of an XFS on another volume", logUuid: content.logUuid ?? "" };
    case "jbd":
      return { kind: "opaque", why: "journal of an ext4 on another volume", logUuid: uuid ?? "" };
    default: {
      const part = Object.hasOwn(PARTS, type) ? PARTS[type] : undefined;
      if (part !== undefined) return { kind: "opaque", why: part, content: "part" };
      if (usage === "filesystem") return { kind: "filesystem", type, uuid: uuid ?? "", label };
      return { kind: "opaque", why: `holds ${type}` };
    }
  }
}
