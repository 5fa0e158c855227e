// SPDX-License-Identifier: Apache-2.0
// A graph of disks to look up names in: each kind of volume that fstab may name.
import type { BlockEdge, BlockGraph, BlockNode, Holds } from "../../../src/core/index.ts";

export const FS = "5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d";
const BOOT = "1f0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d";
export const SWAP = "c0d1f2a3-b4c5-4d6e-8f70-8192a3b4c5d6";

function node(id: string, holds: Holds): BlockNode {
  return { id, path: "/disk.img", sizeBytes: 1024, sectorBytes: 512, holds };
}

/** A disk with ext4 on partition 1, swap on 5, and a volume group on 2 whose LV has xfs. */
export function rootDiskGraph(disks = 1): BlockGraph {
  const nodes: BlockNode[] = [];
  const edges: BlockEdge[] = [];
  const put = (below: string | null, id: string, holds: Holds): void => {
    nodes.push(node(id, holds));
    if (below !== null) edges.push({ from: id, to: below, map: [{ from: 0, to: 0, length: 1024 }] });
  };
  for (let n = 1; n <= disks; n += 1) {
    put(null, `disk:${n}`, { kind: "disk", serial: n === 1 ? "A93EQ5ME" : null, model: "x", table: "mbr" });
    for (const number of [1, 2, 5]) {
      const uuid = `0000000${n}-0${number}`;
      put(`disk:${n}`, `disk:${n}/part:${number}`, {
        kind: "partition",
        number,
        type: "83",
        uuid,
        bootable: false,
        ...(number === 1 ? { name: "System Root" } : {}),
      });
    }
  }
  put("disk:1/part:1", "disk:1/part:1/fs", { kind: "filesystem", type: "ext4", uuid: FS, label: "my root" });
  put("disk:1/part:5", "disk:1/part:5/swap", { kind: "swap", uuid: SWAP, label: null, hibernated: false });
  put("disk:1/part:2", "disk:1/part:2/pv", { kind: "lvm-pv", uuid: "pv" });
  put("disk:1/part:2/pv", "lv:vg-a/root", { kind: "lvm-lv", uuid: "lv", name: "vg-a/root" });
  put("lv:vg-a/root", "lv:vg-a/root/fs", { kind: "filesystem", type: "xfs", uuid: BOOT, label: null });
  return { nodes, edges };
}
