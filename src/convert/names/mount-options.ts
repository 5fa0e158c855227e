// SPDX-License-Identifier: Apache-2.0
// Devices that mount options name, in fstab and in `rootflags=`: logs, realtime devices, the devices of a btrfs. Pure.
import type { BlockNode } from "../../core/index.ts";
import { linkOf, type Volumes } from "./volumes.ts";

/** xfs(5), ext4(5), btrfs(5), bcachefs has none. */
const DEVICE = /^(logdev|rtdev|journal_path|device)=(\/dev\/[^,\s"']{1,255})$/;

export type StableOptions = {
  readonly options: string;
  /** Options that no given disk, or no stable name, was found for; they stay. */
  readonly lost: readonly string[];
};

/** `node`: the file system that is mounted with them; null: not known. */
export function stableOptions(options: string, node: BlockNode | null, volumes: Volumes): StableOptions {
  const lost: string[] = [];
  const words = options.split(",").flatMap((word) => {
    const [, key = "", spec = ""] = DEVICE.exec(word) ?? [];
    if (key === "" || volumes.named(spec).kind === "stable") return [word];
    // A btrfs finds its devices by its UUID, once udev or the initramfs has scanned them. Names of disks would end its mount.
    if (key === "device") return [];
    const link = linkFor(key, { spec, node }, volumes);
    if (link === null) lost.push(word);
    return [link === null ? word : `${key}=${link}`];
  });
  const kept = words.join(",");
  return { options: kept === "" && options !== "" ? "defaults" : kept, lost };
}

/** A log is known by what it holds, whatever it was called. */
function linkFor(
  key: string,
  { spec, node }: { readonly spec: string; readonly node: BlockNode | null },
  volumes: Volumes,
): string | null {
  const log = key === "rtdev" || node === null ? null : volumes.logOf(node);
  const found = volumes.named(spec);
  const volume = log ?? (found.kind === "volume" ? found : null);
  return volume === null ? null : linkOf(volume, volumes);
}
