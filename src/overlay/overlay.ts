// SPDX-License-Identifier: Apache-2.0
// The writable view above a disk: a qcow2 store exported by qemu-storage-daemon. The disk is only ever read.
import { join } from "node:path";
import type { BlockLayer, BlockView, SealedView, SourceDisk } from "../core/index.ts";
import { makeRunDirectory, refuseLoops, run } from "../system/index.ts";
import { CLUSTER_BYTES, chainOf, type Layer } from "./chain.ts";
import { type FuseExport, startExport } from "./fuse-export.ts";
import { claimSource, findWriter } from "../proof/index.ts";
import { readTouched } from "./touched.ts";

/** A view that also tells when its daemon dies: `AbortSignal.any([signal, view.lost])` ends the work above it. */
export interface Overlay extends BlockView {
  readonly lost: AbortSignal;
}

/**
 * Opens the view, with its store below `storeDirectory`. UserError `source-in-use` when the disk is mounted or open for
 * writing, `overlay-not-started` with QEMU's words otherwise. Dispose removes daemon, mount and store.
 */
export async function openQemuOverlay(
  disk: SourceDisk,
  { storeDirectory, signal }: { storeDirectory: string; signal: AbortSignal },
): Promise<Overlay> {
  await using scope = new AsyncDisposableStack();
  scope.use(await claimSource(disk, { signal }));
  const directory = scope.use(await makeRunDirectory("overlay", { parent: storeDirectory })).path;
  const storePath = join(directory, "store.qcow2");
  await createStore(storePath, disk, { signal });
  const chain = chainOf(disk, [{ storePath, writable: true }]);
  const path = join(directory, "view");
  const view = scope.use(await startExport(chain, { disk, path, writable: true, signal }));
  const owned = scope.move();
  let sealed = false;
  return {
    disk,
    path,
    lost: view.lost,
    async seal(options) {
      if (sealed) throw new Error(`The view of ${disk.path} is sealed already`);
      options.signal.throwIfAborted();
      await refuseLoops(path, options);
      const writer = await findWriter(path); // a volume in pieces has a daemon above this one
      if (writer !== null) throw new Error(`${path} cannot be sealed: ${writer} still writes to it`);
      sealed = true;
      await view.stop();
      const touched = await readTouched(storePath, { sizeBytes: disk.sizeBytes, ...options });
      return owned.use(await openSealed({ disk, directory, storePath, touched }, options));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Sealed = Pick<SealedView, "disk" | "touched"> & {
  readonly directory: string;
  readonly storePath: string;
};

async function openSealed(
  { disk, directory, storePath, touched }: Sealed,
  { signal }: { signal: AbortSignal },
): Promise<SealedView> {
  const below: Layer = { storePath, writable: false };
  const path = join(directory, "sealed");
  const owned = new AsyncDisposableStack();
  owned.use(await startExport(chainOf(disk, [below]), { disk, path, writable: false, signal }));
  let layers = 0;
  return {
    disk,
    path,
    touched,
    async layer(options) {
      layers += 1;
      return owned.use(
        await openLayer({ disk, below, paths: layerPaths(directory, layers), signal: options.signal }),
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const layerPaths = (directory: string, number: number): { store: string; view: string } => ({
  store: join(directory, `layer-${number}.qcow2`),
  view: join(directory, `layer-${number}`),
});

/** The sealed export goes on beside it: both have everything below open for reading only, which QEMU's locks allow. */
async function openLayer(options: {
  disk: SourceDisk;
  below: Layer;
  paths: { store: string; view: string };
  signal: AbortSignal;
}): Promise<BlockLayer> {
  const { disk, below, paths, signal } = options;
  await createStore(paths.store, disk, { signal });
  const chain = chainOf(disk, [below, { storePath: paths.store, writable: true }]);
  const view: FuseExport = await startExport(chain, { disk, path: paths.view, writable: true, signal });
  return {
    path: paths.view,
    async finish(finishing) {
      finishing.signal.throwIfAborted();
      await refuseLoops(paths.view, finishing);
      await view.stop();
      // Its header never named a backing file: the chain was given on the daemon's command line.
      return { qcow2Path: paths.store };
    },
    [Symbol.asyncDispose]: () => view[Symbol.asyncDispose](),
  };
}

async function createStore(
  path: string,
  disk: SourceDisk,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const size = Math.ceil(disk.sizeBytes / 512) * 512; // QEMU's disks are whole sectors
  const options = `cluster_size=${CLUSTER_BYTES},compat=1.1`;
  await run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", options, "--", path, `${size}`], { signal });
}
