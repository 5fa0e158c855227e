// SPDX-License-Identifier: Apache-2.0
// The writable view above a disk by the kernel's device-mapper: a snapshot whose store is a sparse file, in memory on the
// live CD. The disk is the snapshot's origin, which the kernel opens for reading only, and claims.
import { open, statfs, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type BlockLayer, formatBytes, type SealedView, type SourceDisk, UserError } from "../core/index.ts";
import {
  attachLoop,
  createMapped,
  hasMapperTargets,
  makeRunDirectory,
  type MappedDevice,
  mappedStatus,
  run,
} from "../system/index.ts";
import type { Overlay } from "./overlay.ts";
import { QCOW2_CLUSTER_BYTES, writeQcow2 } from "./qcow2-file.ts";
import { claimSource } from "../proof/index.ts";
import { CHUNK_BYTES, rangesOf, readStore, type StoredChunk } from "./snapshot-store.ts";

type Call = { readonly signal: AbortSignal };

/** Where the kernel has device-mapper, disks of the machine are seen through it; image files never are. */
export async function canSnapshot(disk: SourceDisk): Promise<boolean> {
  return disk.kind === "device" && (await hasMapperTargets(["snapshot", "linear"]));
}

/** As openOverlay(). UserError `overlay-full` (by `lost`) before the store has no room. */
export async function openSnapshot(
  disk: SourceDisk,
  { storeDirectory, signal }: { storeDirectory: string; signal: AbortSignal },
): Promise<Overlay> {
  await using scope = new AsyncDisposableStack();
  // Device-mapper claims the disk for itself, which a claim of ours would forbid: it only tells who is there before us.
  await (await claimSource(disk, { signal }))[Symbol.asyncDispose]();
  const directory = scope.use(await makeRunDirectory("overlay", { parent: storeDirectory })).path;
  const store = await makeStore(join(directory, "store"), disk);
  const loop = scope.use(
    await attachLoop(store.path, { offset: 0, sizeBytes: store.sizeBytes, readOnly: false }),
  );
  const name = `${basename(directory)}-view`;
  const view = scope.use(
    await createSnapshot(name, { disk, origin: disk.path, loop: loop.path, readOnly: false, signal }),
  );
  const watch = scope.use(watchStore(view.name, disk));
  const owned = scope.move();
  let sealed = false;
  return {
    disk,
    path: view.path,
    lost: watch.lost,
    async seal(options) {
      if (sealed) throw new Error(`The view of ${disk.path} is sealed already`);
      options.signal.throwIfAborted();
      watch.lost.throwIfAborted();
      await run(["blockdev", "--flushbufs", view.path], options);
      await view[Symbol.asyncDispose](); // fails while a volume or mount is left above it
      sealed = true;
      watch[Symbol.dispose]();
      await run(["blockdev", "--flushbufs", loop.path], options);
      const touched = rangesOf(await readStore(store.path), disk.sizeBytes);
      // A new device: nothing stale of the old one is in the page cache.
      const below = { disk, origin: disk.path, loop: loop.path, readOnly: true, ...options };
      const device = owned.use(await createSnapshot(`${basename(directory)}-sealed`, below));
      return owned.use(sealedView({ disk, directory, device, touched }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Below = { readonly disk: SourceDisk; readonly directory: string; readonly device: MappedDevice };

function sealedView({ disk, directory, device, touched }: Below & Pick<SealedView, "touched">): SealedView {
  const owned = new AsyncDisposableStack();
  let layers = 0;
  return {
    disk,
    path: device.path,
    touched,
    async layer(options) {
      layers += 1;
      return owned.use(await openLayer({ disk, directory, device }, layers, options));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openLayer(
  { disk, directory, device }: Below,
  number: number,
  { signal }: Call,
): Promise<BlockLayer> {
  await using scope = new AsyncDisposableStack();
  const store = await makeStore(join(directory, `layer-${number}.store`), disk);
  const loop = scope.use(
    await attachLoop(store.path, { offset: 0, sizeBytes: store.sizeBytes, readOnly: false }),
  );
  const name = `${basename(directory)}-layer-${number}`;
  const view = scope.use(
    await createSnapshot(name, { disk, origin: device.path, loop: loop.path, readOnly: false, signal }),
  );
  const owned = scope.move();
  return {
    path: view.path,
    async finish(finishing) {
      await run(["blockdev", "--flushbufs", view.path], finishing);
      await view[Symbol.asyncDispose]();
      await run(["blockdev", "--flushbufs", loop.path], finishing);
      const qcow2Path = join(directory, `layer-${number}.qcow2`);
      await exportLayer({ disk, below: device.path, store: store.path, qcow2Path, ...finishing });
      return { qcow2Path };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the store holds, in whole clusters: the rest of a cluster comes from the view below. */
async function exportLayer(options: {
  disk: SourceDisk;
  below: string;
  store: string;
  qcow2Path: string;
  signal: AbortSignal;
}): Promise<void> {
  const { disk, below, store, qcow2Path, signal } = options;
  const byCluster = new Map<number, StoredChunk[]>();
  for (const one of await readStore(store)) {
    const cluster = Math.floor((one.chunk * CHUNK_BYTES) / QCOW2_CLUSTER_BYTES);
    const list = byCluster.get(cluster);
    if (list === undefined) byCluster.set(cluster, [one]);
    else list.push(one);
  }
  await using belowFile = await open(below, "r");
  await using storeFile = await open(store, "r");
  await writeQcow2(qcow2Path, {
    sizeBytes: disk.sizeBytes,
    used: [...byCluster.keys()],
    signal,
    async read(cluster) {
      const bytes = Buffer.alloc(QCOW2_CLUSTER_BYTES);
      const start = cluster * QCOW2_CLUSTER_BYTES;
      await belowFile.read(bytes, 0, Math.min(bytes.length, disk.sizeBytes - start), start);
      for (const { chunk, at } of byCluster.get(cluster) ?? []) {
        const offset = chunk * CHUNK_BYTES - start;
        await storeFile.read(bytes, offset, CHUNK_BYTES, at * CHUNK_BYTES);
      }
      return bytes;
    },
  });
}

async function createSnapshot(
  name: string,
  options: { disk: SourceDisk; origin: string; loop: string; readOnly: boolean; signal: AbortSignal },
): Promise<MappedDevice> {
  const { disk, origin, loop, readOnly, signal } = options;
  // P: persistent, so that the store tells afterwards which ranges it holds.
  const table = `snapshot ${origin} ${loop} P ${CHUNK_BYTES / 512}`;
  try {
    const targets = [{ sectors: Math.floor(disk.sizeBytes / 512), table }];
    return await createMapped(name, { targets, readOnly, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new UserError("overlay-not-started", `No overlay for ${disk.path}: ${wordsOf(error)}`, {
      advice:
        "See whether something on it is in use (lsblk) and what the kernel says (dmesg), then run this again",
      cause: error,
    });
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const LEAST_STORE_BYTES = 16 * 2 ** 20;
/** Of what is free: the rest is for everything else that runs. */
const SHARE = 0.8;

/** A sparse file, as large as may be needed and can be had. */
async function makeStore(path: string, disk: SourceDisk): Promise<{ path: string; sizeBytes: number }> {
  await writeFile(path, "", { flag: "wx", mode: 0o600 });
  const { bavail, bsize } = await statfs(path);
  const sizeBytes = storeSize(disk.sizeBytes, bavail * bsize);
  if (sizeBytes < LEAST_STORE_BYTES)
    throw new UserError("overlay-no-room", `Only ${formatBytes(bavail * bsize)} are free for the overlay`, {
      advice:
        "The changes are kept in memory. Free some, or give the machine more for the time of the migration",
    });
  await truncate(path, sizeBytes);
  return { path, sizeBytes };
}

/** The whole disk with its lists (1 chunk of entries for 256), or what can be had. Pure. */
export function storeSize(diskBytes: number, freeBytes: number): number {
  const whole = diskBytes + Math.ceil(diskBytes / 256) + 16 * 2 ** 20;
  return Math.floor(Math.min(whole, freeBytes * SHARE) / CHUNK_BYTES) * CHUNK_BYTES;
}

/** `snapshot USED/TOTAL METADATA` in sectors, or a word (`Invalid`, `Overflow`): Documentation/.../snapshot.rst. */
export function parseSnapshotStatus(
  status: string,
): { readonly used: number; readonly total: number } | null {
  const match = /^snapshot (\d+)\/(\d+) \d+$/.exec(status);
  return match === null ? null : { used: Number(match[1]), total: Number(match[2]) };
}

/** Full at 80 %: what is under way then still has room to end, and the source is not touched in any case. */
const FULL = 0.8;

function watchStore(name: string, disk: SourceDisk): Disposable & { readonly lost: AbortSignal } {
  const lost = new AbortController();
  const look = async (): Promise<void> => {
    const status = await mappedStatus(name).catch(() => null);
    if (status === null) return; // removed, or about to be
    const room = parseSnapshotStatus(status);
    if (room !== null && room.used < room.total * FULL) return;
    clearInterval(timer);
    const had = room === null ? "" : ` of ${formatBytes(room.total * 512)}`;
    lost.abort(
      new UserError("overlay-full", `The memory for changes to ${disk.path} is full${had}`, {
        advice:
          "The disk itself is unchanged. Give the machine more memory, or leave out what need not be converted",
      }),
    );
  };
  const timer = setInterval(() => void look(), 2000);
  timer.unref();
  return { lost: lost.signal, [Symbol.dispose]: () => clearInterval(timer) };
}
