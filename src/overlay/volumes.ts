// SPDX-License-Identifier: Apache-2.0
// Nodes of the block graph as block devices: one loop device (dm-linear, where the view is a
// device itself) for each node that is one run of bytes of a view.
// Never two over the same bytes: their page caches would differ.
import { appendFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type BlockGraph, contiguousExtent, findNode, type NodeId, type SourceDisk } from "../core/index.ts";
import { attachLoop, createMapped, makeRunDirectory } from "../system/index.ts";
import { isNoted, LOOPS_FILE, type LoopNote, readLoops, renderLoopNote } from "./loops.ts";

export type VolumeDevice = { readonly path: string } | { readonly unavailable: string };

export interface Volumes extends AsyncDisposable {
  readonly graph: BlockGraph;
  readonly readOnly: boolean;
  /** Attaches at the first call. A node that lies on another (a file system on its partition) shares its device. */
  device(node: NodeId): Promise<VolumeDevice>;
}

export type ViewOfDisk = { readonly disk: SourceDisk; readonly path: string };

type Attached = {
  readonly disk: number;
  readonly start: number;
  readonly end: number;
  readonly device: Promise<VolumeDevice>;
};

const DETACH_MS = 30_000;

/** Attaches nothing yet. Dispose detaches all, and waits until the kernel has let go of them. */
export async function attachVolumes(options: {
  graph: BlockGraph;
  views: readonly ViewOfDisk[];
  readOnly: boolean;
  signal: AbortSignal;
}): Promise<Volumes> {
  const { graph, views, readOnly, signal } = options;
  const scope = new AsyncDisposableStack();
  const directory = scope.use(await makeRunDirectory("volumes")).path;
  const attached: Attached[] = [];

  const attach = async (view: ViewOfDisk, start: number, end: number): Promise<VolumeDevice> => {
    signal.throwIfAborted();
    if ((await stat(view.path)).isBlockDevice()) {
      // Bytes of a device stay with the kernel: a loop device would keep them in memory twice.
      const name = `${basename(directory)}-${view.disk.number}-${start / 512}`;
      const table = `linear ${view.path} ${start / 512}`;
      const options = { sectors: Math.floor((end - start) / 512), table, readOnly, signal };
      return { path: scope.use(await createMapped(name, options)).path };
    }
    const sectorBytes = view.disk.sectorBytes;
    const loop = await attachLoop(view.path, {
      offset: start,
      sizeBytes: end - start,
      readOnly,
      sectorBytes,
    });
    let note: LoopNote | undefined;
    scope.defer(async () => {
      await loop[Symbol.asyncDispose]();
      if (note !== undefined) await untilDetached(note);
    });
    note = (await readLoops()).find((one) => one.path === loop.path);
    if (note === undefined) throw new Error(`${loop.path} is not attached`);
    await appendFile(join(directory, LOOPS_FILE), renderLoopNote(note)); // for cleanLeftovers()
    return { path: loop.path };
  };

  return {
    graph,
    readOnly,
    device(node) {
      const place = placeOf(node, graph, views);
      if ("unavailable" in place) return Promise.resolve(place);
      const { view, start, end } = place;
      const onDisk = attached.filter(({ disk }) => disk === view.disk.number);
      const same = onDisk.find((other) => other.start === start && other.end === end);
      if (same !== undefined) return same.device;
      const clash = onDisk.find((other) => other.start < end && start < other.end);
      if (clash !== undefined)
        return Promise.resolve({ unavailable: `${node} shares bytes with a device that is in use` });
      const device = attach(view, start, end);
      attached.push({ disk: view.disk.number, start, end, device });
      return device;
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}

type Place = { readonly view: ViewOfDisk; readonly start: number; readonly end: number };

/** Where a node lies among the views, or why a loop device cannot show it. Pure. */
export function placeOf(
  node: NodeId,
  graph: BlockGraph,
  views: readonly ViewOfDisk[],
): Place | { readonly unavailable: string } {
  const extent = contiguousExtent(graph, node);
  if (extent.kind === "unmapped") return { unavailable: extent.why };
  const path = findNode(graph, extent.disk)?.path;
  const view = views.find(({ disk }) => disk.path === path);
  if (view === undefined)
    return { unavailable: `${node} lies on ${extent.disk}, which is not among the disks` };
  const { start, end } = extent;
  if (end > view.disk.sizeBytes)
    return { unavailable: `${node} reaches to byte ${end}, and the disk ends at ${view.disk.sizeBytes}` };
  if (start % view.disk.sectorBytes !== 0 || start >= end)
    return { unavailable: `${node} does not begin at a sector of its disk` };
  return { view, start, end };
}

/** `losetup -d` on a device that somebody (udev, a probe) has open succeeds at once and detaches later. */
async function untilDetached(note: LoopNote): Promise<void> {
  const end = Date.now() + DETACH_MS;
  while ((await readLoops()).some((loop) => isNoted(loop, note))) {
    if (Date.now() > end) throw new Error(`${note.path} is still in use`);
    await sleep(50);
  }
}
