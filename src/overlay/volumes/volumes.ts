// SPDX-License-Identifier: Apache-2.0
// Nodes of the block graph as block devices, put together from the views alone: by device-mapper where the views are devices,
// else a loop device for each piece, and above a file that shows them as one. No volume manager looks at any disk, so
// none can find the real ones by their UUIDs. Never two devices over the same bytes: their page caches would differ.
import { appendFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  type BlockGraph,
  type NodeId,
  type OpenedCrypt,
  type Weave,
  weaveBytes,
  wovenNodes,
} from "../../core/index.ts";
import {
  attachLoop,
  createMapped,
  LOOPS_FILE,
  makeRunDirectory,
  renderLoopNote,
} from "../../system/index.ts";
import { openComposed, openMirror, type Piece } from "./composed.ts";
import { openInside } from "./inside.ts";
import {
  insidesBelow,
  isSamePlace,
  overlap,
  type Place,
  placesOf,
  sizeOf,
  type ViewOfDisk,
} from "./volume-place.ts";
import { mirrorTable, openWoven } from "./woven.ts";

export type { ViewOfDisk } from "./volume-place.ts";

export type VolumeDevice = { readonly path: string } | { readonly unavailable: string };

export interface Volumes extends AsyncDisposable {
  readonly graph: BlockGraph;
  readonly readOnly: boolean;
  /** Attaches at the first call. A node that lies on another (a file system on its partition) shares its device. */
  device(node: NodeId): Promise<VolumeDevice>;
}

type Attached = { readonly all: Place; readonly device: Promise<VolumeDevice> };

/** Loop devices for one volume: volumes that grew have a few pieces, striped ones thousands. */
const MAX_LOOPS = 64;

/** Attaches nothing yet. Dispose detaches all, and waits until the kernel has let go of them. */
export async function attachVolumes(options: {
  graph: BlockGraph;
  views: readonly ViewOfDisk[];
  /** LUKS volumes of the graph whose inside can be shown. */
  opened?: readonly OpenedCrypt[];
  readOnly: boolean;
  signal: AbortSignal;
}): Promise<Volumes> {
  const { graph, views, opened = [], readOnly, signal } = options;
  const scope = new AsyncDisposableStack();
  const directory = scope.use(await makeRunDirectory("volumes")).path;
  const attached: Attached[] = [];
  const insides = new Map<NodeId, Promise<ViewOfDisk | { readonly unavailable: string }>>();
  let numbers = 0;

  const map = async (place: Place, name: string): Promise<VolumeDevice> => {
    // Bytes of a device stay with the kernel: a loop device would keep them in memory twice.
    const targets = place.map(({ view, start, end }) => ({
      sectors: Math.floor((end - start) / 512),
      table: `linear ${view.path} ${start / 512}`,
    }));
    return { path: scope.use(await createMapped(name, { targets, readOnly, signal })).path };
  };

  const loopAbove = async (
    path: string,
    range: { offset: number; sizeBytes: number; sectorBytes: number },
  ): Promise<{ readonly path: string }> => {
    const { path: device, note } = scope.use(await attachLoop(path, { ...range, readOnly }));
    await appendFile(join(directory, LOOPS_FILE), renderLoopNote(note)); // for cleanLeftovers()
    return { path: device };
  };

  const attach = async (node: NodeId, places: readonly Place[], number: number): Promise<VolumeDevice> => {
    const [first, ...more] = places;
    if (first === undefined) return { unavailable: `${node} is empty` };
    if (more.length === 0) return await attachOne(node, first, `${number}`);
    const paths: string[] = [];
    for (const [copy, place] of places.entries()) {
      const device = await attachOne(node, place, `${number}-${copy}`);
      if ("unavailable" in device) return device;
      paths.push(device.path);
    }
    const { sectorBytes } = first[0]?.view.disk ?? { sectorBytes: 512 };
    const sizeBytes = sizeOf(first);
    if (await areDevices(places.flat())) {
      const targets = [{ sectors: Math.floor(sizeBytes / 512), table: mirrorTable(paths) }];
      const name = `${basename(directory)}-mirror-${number}`;
      return { path: scope.use(await createMapped(name, { targets, readOnly, signal })).path };
    }
    const about = { number, path: node, kind: "device", sizeBytes, sectorBytes } as const;
    const options = { directory, name: `mirror-${number}`, disk: about, readOnly, signal };
    const whole = scope.use(await openMirror(paths, options));
    return await loopAbove(whole.path, { offset: 0, sizeBytes, sectorBytes });
  };

  const attachOne = async (node: NodeId, place: Place, number: string): Promise<VolumeDevice> => {
    signal.throwIfAborted();
    const [first, ...more] = place;
    if (first === undefined) return { unavailable: `${node} is empty` };
    if (await areDevices(place)) return await map(place, `${basename(directory)}-${number}`);
    if (place.length > MAX_LOOPS)
      return {
        unavailable: `it lies in ${place.length} pieces, and this kernel has no device-mapper to join them; the live CD has`,
      };
    const pieces: Piece[] = [];
    for (const { view, start, end } of place) {
      const { sectorBytes } = view.disk;
      const loop = await loopAbove(view.path, { offset: start, sizeBytes: end - start, sectorBytes });
      pieces.push({ path: loop.path, sizeBytes: end - start });
    }
    const [only] = pieces;
    if (only !== undefined && more.length === 0) return { path: only.path };
    const sizeBytes = sizeOf(place);
    const { sectorBytes } = first.view.disk;
    const about = { ...first.view.disk, path: node, sizeBytes };
    const options = { directory, name: `volume-${number}`, disk: about, readOnly, signal };
    const whole = scope.use(await openComposed(pieces, options));
    return await loopAbove(whole.path, { offset: 0, sizeBytes, sectorBytes });
  };

  const show = async (node: NodeId, among: readonly ViewOfDisk[]): Promise<VolumeDevice> => {
    const places = placesOf(node, graph, among);
    if ("unavailable" in places) return places;
    const all = places.flat();
    const same = attached.find((other) => isSamePlace(other.all, all));
    if (same !== undefined) return await same.device;
    if (attached.some((other) => overlap(other.all, all)))
      return { unavailable: `${node} shares bytes with a device that is in use` };
    numbers += 1;
    const device = attach(node, places, numbers);
    attached.push({ all, device });
    return await device;
  };

  const inside = async (node: NodeId): Promise<ViewOfDisk | { readonly unavailable: string }> => {
    const weave = wovenNodes(graph).get(node);
    if (weave !== undefined) return await woven(node, weave);
    const crypt = opened.find((one) => one.node === node);
    if (crypt === undefined) return { unavailable: "it is encrypted, and there is no key for it" };
    const below = await device(crypt.below);
    if ("unavailable" in below) return below;
    numbers += 1;
    const mappedName = `${basename(directory)}-crypt-${numbers}`;
    const found = await openInside({ device: below.path, crypt, directory, mappedName, readOnly, signal });
    if ("unavailable" in found) return found;
    const { path } = scope.use(found);
    const { sectorBytes, payload } = crypt.format;
    const disk = {
      number: 0,
      path: node,
      kind: "device",
      sizeBytes: payload.end - payload.start,
      sectorBytes: Math.max(sectorBytes, graph.nodes.find(({ id }) => id === node)?.sectorBytes ?? 0),
    } as const;
    return { disk, path, inside: node };
  };

  const woven = async (
    node: NodeId,
    weave: Weave,
  ): Promise<ViewOfDisk | { readonly unavailable: string }> => {
    const devices: (string | null)[] = [];
    for (const member of weave.members) {
      const below = member === null ? { path: null } : await device(member.node);
      if ("unavailable" in below) return below;
      devices.push(below.path);
    }
    numbers += 1;
    const mappedName = `${basename(directory)}-woven-${numbers}`;
    const found = await openWoven({ weave, devices, mappedName, readOnly, signal });
    if ("unavailable" in found) return found;
    const { path } = scope.use(found);
    const about = { kind: "device", sizeBytes: weaveBytes(weave), sectorBytes: 512 } as const;
    return { disk: { number: 0, path: node, ...about }, path, inside: node };
  };

  /** Opens what lies below first; each inside once. */
  const device = async (node: NodeId): Promise<VolumeDevice> => {
    const among = [...views];
    for (const id of insidesBelow(node, graph)) {
      const open = insides.get(id) ?? inside(id);
      insides.set(id, open);
      const view = await open;
      if ("unavailable" in view) return view;
      among.push(view);
    }
    return await show(node, among);
  };

  return {
    graph,
    readOnly,
    device,
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}

async function areDevices(place: Place): Promise<boolean> {
  const kinds = await Promise.all(place.map(async ({ view }) => (await stat(view.path)).isBlockDevice()));
  return kinds.every(Boolean);
}
