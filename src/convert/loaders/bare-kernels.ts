// SPDX-License-Identifier: Apache-2.0
// How a kernel that loads no initramfs finds its root: it knows no UUID of a file system. PARTUUID= of a GPT is known since
// Linux 2.6.37, that of an MBR since 3.8 (init/do_mounts.c); before there is only the name that the VM's disk will have. Pure.
import {
  type BlockNode,
  devicesFor,
  diskNumberOf,
  findNode,
  type GuestOS,
  type Intent,
  onlyBelow,
} from "../../core/index.ts";

/** null: it has no such name, or which one it will have is not certain. */
export type BareNames = (partition: BlockNode | null, image: string | null) => string | null;

export function bareNames(guest: GuestOS, intent: Intent): BareNames {
  return (partition, image) => {
    if (partition?.holds.kind !== "partition") return null;
    const { uuid, number } = partition.holds;
    const disk = onlyBelow(intent.storage, partition.id);
    const isGpt = disk?.holds.kind === "disk" && disk.holds.table === "gpt";
    const version = versionOf(guest, image);
    if (version === null || isSince(version, isGpt ? [2, 6, 37] : [3, 8, 0]))
      return uuid !== null && /^[0-9A-Za-z-]{4,40}$/.test(uuid) ? `PARTUUID=${uuid}` : null;
    const letters = familyOf(guest, intent);
    const place = intent.disks.findIndex((one) => one.number === diskNumberOf(partition.id));
    if (letters === null || place === -1 || place > 25 || findNode(intent.storage, partition.id) === null)
      return null;
    return `/dev/${letters}${String.fromCharCode(97 + place)}${number}`;
  };
}

/** By what the VM's disks hang on; a kernel names those of emulated IDE in two ways, by the driver that was built into it. */
function familyOf(guest: GuestOS, { hypervisor }: Intent): string | null {
  if (hypervisor === "xen") return "xvd";
  switch (devicesFor(guest).diskBus) {
    case "virtio":
      return "vd";
    case "sata":
      return "sd";
    case "ide":
      return null;
  }
}

/** Of the entry's image, else the one kernel that is there. null: not known. */
function versionOf({ kernels }: GuestOS, image: string | null): string | null {
  const name = image?.slice(image.lastIndexOf("/") + 1) ?? null;
  const own = kernels.find((kernel) => name !== null && kernel.image.endsWith(`/${name}`));
  if (own !== undefined) return own.version;
  const [, inName] = /(\d+\.\d+(?:\.\d+)?)/.exec(name ?? "") ?? [];
  return inName ?? (kernels.length === 1 ? (kernels[0]?.version ?? null) : null);
}

function isSince(version: string, since: readonly [number, number, number]): boolean {
  const [, ...parts] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  for (const [index, wanted] of since.entries()) {
    const part = Number(parts[index] ?? 0);
    if (part !== wanted) return part > wanted;
  }
  return true;
}
