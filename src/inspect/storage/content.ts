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

/** `filesystem` for blkid, but with contents of several disks, or of no file system we may mount. */
const POOLS: ReadonlySet<string> = new Set(["zfs_member", "VMFS", "VMFS_volume_member", "drbd", "bcache"]);

export function contentHolds(content: Content, partitionType: string | null): Holds {
  if (content.kind === "ambiguous") return { kind: "opaque", why: "signatures of several file systems" };
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
    default:
      if (usage === "filesystem" && !POOLS.has(type))
        return { kind: "filesystem", type, uuid: uuid ?? "", label };
      return { kind: "opaque", why: `holds ${type}` };
  }
}
