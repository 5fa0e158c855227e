// SPDX-License-Identifier: Apache-2.0
// The firmware a VM needs, read off the disks: a disk image brings no machine that could tell.
import type { BlockGraph, Firmware, Known, VmModel } from "../core/index.ts";

/** Partition types, UEFI specification 5.3 and the GRUB manual ("BIOS installation"). */
const ESP_TYPES = ["c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "ef"];
const BIOS_BOOT_TYPE = "21686148-6449-6e6f-744e-656564454649";

/**
 * As the machine says; without a machine UEFI where an EFI system partition is there and no BIOS boot partition is:
 * with both, the disk boots either way, and BIOS needs no variable store.
 */
export function chooseFirmware(machine: Known<Firmware>, storage: BlockGraph): VmModel["firmware"] {
  if (machine.kind === "known")
    return machine.value.kind === "bios"
      ? { kind: "bios" }
      : { kind: "uefi", secureBoot: machine.value.secureBoot };
  const types = storage.nodes.map(({ holds }) =>
    holds.kind === "partition" ? holds.type.toLowerCase() : "",
  );
  const hasEsp = types.some((type) => ESP_TYPES.includes(type));
  const hasBiosBoot = types.includes(BIOS_BOOT_TYPE);
  return hasEsp && !hasBiosBoot ? { kind: "uefi", secureBoot: false } : { kind: "bios" };
}
