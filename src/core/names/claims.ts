// SPDX-License-Identifier: Apache-2.0
// What the guest's files say of a device, beside its name: a claim. Claims are what tells which disk had which name. Pure.
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";
import { hasSubvolumes, isFileSystemType } from "./filesystem-types.ts";

export type Claim = {
  /** As it stands there: `/dev/sdb1`, `/dev/disk/by-id/...`, `(hd1,msdos1)`. */
  readonly spec: string;
  /** Path in the guest of the file that says so. */
  readonly from: string;
  readonly wants: Wanted;
  /**
   * Would the system not have worked if it were wrong? What does not fit a firm claim is not that disk; other lines may be
   * left from another time (`noauto`, `nofail`, an entry for another system, a record).
   */
  readonly firm: boolean;
};

/** What is said to lie on the device. */
export type Wanted =
  /** `path`: where it is mounted; null: not said. `types` as in fstab: `ext4`, `auto`, `ext3,ext2`. */
  | { readonly kind: "filesystem"; readonly types: string; readonly path: string | null }
  | { readonly kind: "swap" }
  /** A new key at each boot: what lies there is lost at the first one. */
  | { readonly kind: "random-swap" }
  | { readonly kind: "luks" }
  /** A record of what has this UUID (of LVM, of blkid, of a search line of GRUB): as it was when it was written. */
  | { readonly kind: "uuid"; readonly uuid: string }
  /** Nothing but that it is there. */
  | { readonly kind: "any" };

/**
 * How a claim stands to a volume, from worst to best. `against`: something else lies there. `silent`: nothing speaks for
 * it. `fits`: it is of that kind. `recorded`: a record of the old system says that it was this one. `proven`: it is the
 * root that was found, or the file system itself says where it was mounted last.
 */
export type Standing = "against" | "silent" | "fits" | "recorded" | "proven";

export type Ground = {
  readonly graph: BlockGraph;
  /** null: no installed system was found. */
  readonly root: NodeId | null;
  /** Where fstab mounts what it names by UUID or label: the mount points, by the volume's node. */
  readonly mounted: ReadonlyMap<NodeId, ReadonlySet<string>>;
};

/** `node`: what lies on the device, or the device where nothing known lies there; null: there is no such partition. */
export function judgeClaim({ wants, firm }: Claim, node: BlockNode | null, ground: Ground): Standing {
  const standing = node === null ? "against" : judge(wants, node, ground);
  if (firm) return standing;
  return standing === "against" ? "silent" : standing === "proven" ? "recorded" : standing;
}

function judge(wants: Wanted, node: BlockNode, ground: Ground): Standing {
  const { holds } = node;
  switch (wants.kind) {
    case "filesystem":
      return judgeMount(wants, node, ground);
    case "swap":
      return holds.kind === "swap" ? "fits" : "against";
    case "random-swap":
      return mayBeOverwritten(node) ? "silent" : "against";
    case "luks":
      return holds.kind === "luks" ? "fits" : "against";
    case "uuid":
      return "uuid" in holds && holds.uuid !== null && sameUuid(holds.uuid, wants.uuid)
        ? "recorded"
        : "silent";
    case "any":
      return "silent";
  }
}

function judgeMount(
  { types, path }: Extract<Wanted, { kind: "filesystem" }>,
  { id, holds }: BlockNode,
  { root, mounted }: Ground,
): Standing {
  if (holds.kind !== "filesystem" || !isFileSystemType(types, holds.type)) return "against";
  if (path === "/") return root === null ? "fits" : id === root ? "proven" : "against";
  if (path === null) return "fits";
  if (id === root && !hasSubvolumes(holds.type)) return "against";
  const elsewhere = mounted.get(id);
  if (elsewhere !== undefined && !elsewhere.has(path) && !hasSubvolumes(holds.type)) return "against";
  if (holds.lastMount === undefined || ELSEWHERE.test(holds.lastMount)) return "fits";
  return holds.lastMount === path ? "proven" : "silent";
}

/** Where installers, rescue systems and initramfs mount things: says nothing of the place in the system itself. */
const ELSEWHERE = /^\/(?:mnt|media|run|sysroot|target|root|tmp|a|new_?root)(?:\/|$)/;

/** Does nothing lie there that anybody could miss? Only then may a line write to it at each boot. */
export function mayBeOverwritten({ holds }: BlockNode): boolean {
  return holds.kind === "swap" || holds.kind === "partition" || isNothingKnown(holds);
}

/** blkid saw no signature at all, as of a swap that was encrypted with a key nobody kept. */
const isNothingKnown = (holds: BlockNode["holds"]): boolean =>
  holds.kind === "opaque" && holds.content === "none-known";

/** LVM writes its UUIDs with dashes, and the disk's metadata have none. */
function sameUuid(a: string, b: string): boolean {
  const plain = (uuid: string): string => uuid.replaceAll(/[-:]/g, "").toLowerCase();
  return plain(a) === plain(b) && plain(a) !== "";
}
