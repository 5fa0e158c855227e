// SPDX-License-Identifier: Apache-2.0
// Whether the kernel mounts a file system with the options that it is given. Pure.
import {
  findNode,
  type GuestOS,
  hasSubvolume,
  type Intent,
  isSameSubvolume,
  type NodeId,
  refusedOption,
  subvolumeWord,
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

function judgeSubvolume(wanted: string, node: NodeId, guest: GuestOS): OptionFault | null {
  const known = guest.subvolumes?.find((one) => one.node === node)?.paths;
  const isThere = known === undefined ? null : hasSubvolume(wanted, known);
  const own = rootSubvolume(guest);
  const isOwn = node === guest.root && own !== null && isSameSubvolume(own, wanted);
  if (isThere === true || (isThere === null && (isOwn || hasSubvolume(wanted, []) === true))) return null;
  return isThere === false
    ? { kind: "refused", why: `the btrfs has no subvolume ${wanted.slice("subvol=".length)}` }
    : { kind: "likely", why: `nobody looked whether the btrfs has ${wanted}` };
}

/** With which the root was mounted when it was looked into; null: with none. */
export const rootSubvolume = ({ mounts }: GuestOS): string | null =>
  subvolumeWord(mounts.find(({ path }) => path === "/")?.options ?? "");
