// SPDX-License-Identifier: Apache-2.0
// The disks of this machine that a migration takes when none were named: all but what is removable or in use, each once.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type BlockGraph, furtherPaths, type Machine } from "../../core/index.ts";
import { inspectMachine, devicesInUse } from "../../inspect/index.ts";

export async function localDisks({ signal }: { signal: AbortSignal }): Promise<readonly string[]> {
  const machine: Machine = await inspectMachine({ signal });
  const inUse = await devicesInUse();
  const disks: string[] = [];
  for (const path of diskPaths(machine.storage))
    if (!inUse.has(path) && !(await isRemovable(path))) disks.push(path);
  return disks;
}

/** In order of the graph; the live medium itself (ISO 9660 on a disk) is none. Pure. */
function diskPaths(storage: BlockGraph): readonly string[] {
  const isos = storage.nodes.flatMap(({ id, holds }) =>
    holds.kind === "filesystem" && holds.type === "iso9660" ? [id] : [],
  );
  const mediums = new Set(isos);
  for (const id of mediums) for (const { from, to } of storage.edges) if (from === id) mediums.add(to);
  const further = furtherPaths(storage);
  return storage.nodes.flatMap(({ id, holds, path, sizeBytes }) =>
    holds.kind === "disk" && sizeBytes > 0 && !mediums.has(id) && !further.has(path) ? [path] : [],
  );
}

async function isRemovable(path: string): Promise<boolean> {
  const name = basename(path);
  return (await readFile(`/sys/class/block/${name}/removable`, "utf8").catch(() => "")).trim() === "1";
}
