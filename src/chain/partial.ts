// SPDX-License-Identifier: Apache-2.0
// Volumes of LVM whose group is not whole in the VM (lvm(8), lvmraid(7), pvscan(8)). Pure.
import {
  type BlockGraph,
  type NodeId,
  parseDeviceSpec,
  partialVolume,
  partialVolumes,
} from "../core/index.ts";

/** `lost`: LVM does not activate it. `likely`: it comes, but perhaps not by itself. */
export type PartialFault = { readonly kind: "lost" | "likely"; readonly why: string };

/** null: it lies on no such volume. */
export function partialFault(storage: BlockGraph, node: NodeId): PartialFault | null {
  const part = partialVolume(storage, node);
  if (part === null) return null;
  const { name, missing } = part;
  const pvs = titleOf(missing.pvs);
  switch (missing.of) {
    case "volume":
      return {
        kind: "lost",
        why: `${name} lies on the ${pvs}, which the VM does not have: LVM does not activate it`,
      };
    case "copies":
      return {
        kind: "likely",
        why: `${name} is a RAID of LVM without the ${pvs}: it is activated where enough of it is left`,
      };
    case "group":
      return {
        kind: "likely",
        why: `${name} is whole, and its group lacks the ${pvs}: newer systems activate no incomplete group by themselves`,
      };
  }
}

const titleOf = (pvs: readonly string[]): string =>
  `physical volume${pvs.length === 1 ? "" : "s"} ${pvs.slice(0, 3).join(", ")}${pvs.length > 3 ? " ..." : ""}`;

/** Of a UUID or label that was not found: where nobody could look for it; empty: everywhere was looked. */
export function unseenIn(storage: BlockGraph, spec: string): string {
  if (parseDeviceSpec(spec).kind !== "tag") return "";
  const [first, ...more] = partialVolumes(storage);
  if (first === undefined) return "";
  const others = more.length === 0 ? "" : ` or ${more.length} more`;
  return `; it may lie on ${first.name}${others}, without the ${titleOf(first.missing.pvs)}`;
}
