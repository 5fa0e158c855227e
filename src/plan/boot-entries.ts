// SPDX-License-Identifier: Apache-2.0
// Which entries of the old firmware's boot menu make sense in the VM: loaders on partitions that go along. Pure.
import {
  type BlockGraph,
  contiguousExtent,
  findNode,
  type Machine,
  type VmBootEntry,
} from "../core/index.ts";

const MAX_ENTRIES = 32;
/** As inspection writes a device path: the partition by its GUID, then the file. */
const ON_DISK = /^HD\((\d{1,5}),GPT,([0-9a-f-]{36})\)\/(\\[\x20-\x7e]{1,200})$/i;

/** In the order of the firmware. Network, shells, removable drives and the firmware's own entries stay behind. */
export function chooseBootEntries(
  firmware: Machine["firmware"],
  storage: BlockGraph,
): readonly VmBootEntry[] {
  if (firmware.kind === "unknown" || firmware.value.kind === "bios") return [];
  const entries = firmware.value.bootEntries.flatMap(({ label, active, path }): VmBootEntry[] => {
    const [, , uuid = "", file = ""] = ON_DISK.exec(path ?? "") ?? [];
    const node = storage.nodes.find(
      ({ holds }) => holds.kind === "partition" && holds.uuid?.toLowerCase() === uuid.toLowerCase(),
    );
    if (uuid === "" || node === undefined || node.holds.kind !== "partition") return [];
    const extent = contiguousExtent(storage, node.id);
    const disk = extent.kind === "extent" ? findNode(storage, extent.disk) : null;
    // Sectors of another size would be counted otherwise in the device path.
    if (extent.kind !== "extent" || disk === null || disk.sectorBytes !== 512) return [];
    const { number } = node.holds;
    const partition = { number, startBytes: extent.start, sizeBytes: extent.end - extent.start, uuid };
    return [{ label: label.slice(0, 128), active, partition, file }];
  });
  return entries.slice(0, MAX_ENTRIES);
}
