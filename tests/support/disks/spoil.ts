// SPDX-License-Identifier: Apache-2.0
// Every byte that is called unused is spoiled: then the file systems' own checkers judge.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext } from "node:test";
import { type ExtentMap, rangesOf, normalizeRanges, type Range } from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/storage/index.ts";
import { readUsedMaps } from "../../../src/inspect/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { type TestDisk } from "./disks.ts";
import { noise } from "./filesystems.ts";

const MIB = 2 ** 20;

export async function usedMap(
  path: string,
  t: TestContext,
): Promise<{ map: ExtentMap; notes: readonly string[] }> {
  const disk = await openSourceDisk(path, 1);
  const { graph, problems } = await readDiskGraph([disk], { signal: t.signal });
  assert.deepEqual(problems, []);
  const views = new Map([[1, path]]);
  const { maps, notes } = await readUsedMaps({ graph, views, signal: t.signal });
  const map = maps.get(1);
  assert.ok(map);
  assert.equal(map.size, disk.sizeBytes);
  for (const run of map.runs) assert.equal(run.start % 4096, 0);
  return { map, notes: notes.map((note) => String(note.text)) };
}

/** Overwrites everything that would not be sent. */
export async function spoil(path: string, map: ExtentMap): Promise<void> {
  const garbage = Buffer.alloc(MIB, 0xa5);
  const file = await open(path, "r+");
  try {
    for (const { start, end } of rangesOf(map, "unused"))
      for (let at = start; at < end; at += MIB) await file.write(garbage, 0, Math.min(MIB, end - at), at);
  } finally {
    await file.close();
  }
}

/** SHA-256 of every file below a directory. */
export async function hashTree(directory: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hashes[path.slice(directory.length)] = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }
  return hashes;
}

/** Writes files of many sizes and deletes every second one, twice: an aged file system. */
export async function age(directory: string): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await mkdir(join(directory, `round-${round}`));
    for (let i = 0; i < 120; i += 1)
      await writeFile(join(directory, `round-${round}`, `${i}`), noise(`${round} ${i}`, 500 + i * 700));
    await run(["sync", "-f", directory]);
    for (let i = 0; i < 120; i += 2) await rm(join(directory, `round-${round}`, `${i}`));
  }
}

export type Volume = { start: number; end: number };

export async function onVolume<T>(
  disk: TestDisk,
  { start, end, writable = false }: Volume & { writable?: boolean },
  use: (device: string) => Promise<T>,
): Promise<T> {
  await using loop = await attachLoop(disk.path, {
    offset: start,
    sizeBytes: end - start,
    readOnly: !writable,
  });
  return await use(loop.path);
}

export async function withMounted<T>(
  disk: TestDisk,
  how: Volume & { type: string; writable?: boolean },
  use: (directory: string) => Promise<T>,
): Promise<T> {
  return await onVolume(disk, how, async (device) => {
    const options = how.writable === true ? ["noatime"] : ["ro"];
    await using mounted = await mount(device, join(disk.directory, "p2v-m"), { type: how.type, options });
    return await use(mounted.path);
  });
}

export function partitionOf(disk: TestDisk, index = 0): Volume {
  const partition = disk.partitions[index];
  assert.ok(partition);
  return partition;
}

export async function readPartclone(
  program: string,
  device: string,
  { disk, volume }: { disk: TestDisk; volume: Volume },
): Promise<readonly Range[]> {
  const map = join(disk.directory, "domain.log");
  await rm(map, { force: true });
  const log = join(disk.directory, "partclone.log");
  await run([program, "-D", "-q", "-s", device, "-o", map, "-L", log, `--offset_domain=${volume.start}`]);
  const rows = [...(await readFile(map, "utf8")).matchAll(/^0x(\w+)\s+0x(\w+)\s+\+$/gm)];
  return normalizeRanges(
    rows.map(([, at = "", size = ""]) => {
      const start = Number.parseInt(at, 16);
      return { start, end: start + Number.parseInt(size, 16) };
    }),
  );
}
