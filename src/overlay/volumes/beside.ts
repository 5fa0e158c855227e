// SPDX-License-Identifier: Apache-2.0
// Devices that a file system needs beside its own: its log, the other devices of a btrfs. Only ours are ever named to the kernel,
// which else looks for them itself and finds the disks of the source.
import { companionsOf, findNode, type NodeId } from "../../core/index.ts";
import type { Beside } from "../mounting/mount-options.ts";
import type { Volumes } from "./volumes.ts";

export async function devicesBeside(
  volumes: Volumes,
  id: NodeId,
): Promise<Required<Beside> | { readonly unavailable: string }> {
  const node = findNode(volumes.graph, id);
  const found = node === null ? null : companionsOf(volumes.graph, node);
  if (found === null) return { log: null, devices: [] };
  if (found.kind === "missing") return { unavailable: found.why };
  const devices: string[] = [];
  for (const one of found.devices) {
    const device = await volumes.device(one);
    if ("unavailable" in device) return device;
    devices.push(device.path);
  }
  const log = found.log === null ? null : await volumes.device(found.log);
  if (log !== null && "unavailable" in log) return log;
  return { log: log?.path ?? null, devices };
}
