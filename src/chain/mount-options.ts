// SPDX-License-Identifier: Apache-2.0
// Whether the kernel mounts a file system with the options that it is given. Pure.
import {
  findNode,
  type GuestOS,
  type Intent,
  type NodeId,
  refusedOption,
  SUBVOLUME_DEPTH,
} from "../core/index.ts";

export type OptionFault = {
  /** `likely`: nobody could look. */
  readonly kind: "refused" | "likely";
  readonly why: string;
};

type Looked = { readonly guest: GuestOS; readonly intent: Pick<Intent, "storage"> };

/** null: nothing is known to speak against it. */
export function findOptionFault(
  options: string,
  node: NodeId,
  { guest, intent }: Looked,
): OptionFault | null {
  const holds = findNode(intent.storage, node)?.holds;
  if (holds?.kind !== "filesystem") return null;
  const refused = refusedOption(options, holds.type);
  if (refused !== null)
    return {
      kind: "refused",
      why: `the option ${refused} is of another file system: the kernel does not mount ${holds.type} with it`,
    };
  const wanted = subvolumeWord(options);
  return holds.type === "btrfs" && wanted !== null ? judgeSubvolume(wanted, node, guest) : null;
}

/** The last of `subvol=` and `subvolid=` counts, as it stands. */
export const subvolumeWord = (options: string): string | null =>
  options
    .split(",")
    .filter((word) => /^subvol(?:id)?=./.test(word))
    .at(-1) ?? null;

/** `subvol=/@` is `subvol=@`; a number is one in any notation that the kernel takes. */
export function isSameSubvolume(one: string, other: string): boolean {
  const plain = (word: string): string => word.replace(/^subvol=\/*/, "subvol=").replace(/(?<=[^=])\/+$/, "");
  return plain(one) === plain(other);
}

function judgeSubvolume(wanted: string, node: NodeId, guest: GuestOS): OptionFault | null {
  // The top is always there (btrfs-subvolume(8)).
  if (/^(?:subvol=\/+|subvolid=[05])$/.test(wanted)) return null;
  const own = rootSubvolume(guest);
  if (node === guest.root && own !== null && isSameSubvolume(own, wanted)) return null;
  const known = guest.subvolumes?.find((one) => one.node === node)?.paths;
  const unseen: OptionFault = { kind: "likely", why: `nobody looked whether the btrfs has ${wanted}` };
  const isDeep = wanted.split("/").filter((name) => name !== "").length > SUBVOLUME_DEPTH;
  if (known === undefined || isDeep || wanted.startsWith("subvolid=")) return unseen;
  return known.some((path) => isSameSubvolume(`subvol=${path}`, wanted))
    ? null
    : { kind: "refused", why: `the btrfs has no subvolume ${wanted.slice("subvol=".length)}` };
}

/** With which the root was mounted when it was looked into; null: with none. */
export const rootSubvolume = ({ mounts }: GuestOS): string | null =>
  subvolumeWord(mounts.find(({ path }) => path === "/")?.options ?? "");
