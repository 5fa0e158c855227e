// SPDX-License-Identifier: Apache-2.0
// Disks of a firmware's RAID are plain disks in the VM: there the RAID's signatures must not be, or its initramfs takes the
// partitions away to put a RAID together (dracut: 90mdraid, 90dmraid: partx -d). On the overlay only.
import { open } from "node:fs/promises";
import { type BlockGraph, type BlockView, diskId } from "../../core/index.ts";

export async function eraseRaidSignatures(storage: BlockGraph, views: readonly BlockView[]): Promise<void> {
  for (const view of views) {
    const holds = storage.nodes.find(({ id }) => id === diskId(view.disk.number))?.holds;
    const raid = holds?.kind === "disk" ? holds.firmwareRaid : undefined;
    if (raid?.state !== "plain" || raid.signatures.length === 0) continue;
    await using file = await open(view.path, "r+");
    for (const { start, end } of raid.signatures)
      if (end <= view.disk.sizeBytes) await file.write(Buffer.alloc(end - start), 0, end - start, start);
    await file.sync();
  }
}
