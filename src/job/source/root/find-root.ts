// SPDX-License-Identifier: Apache-2.0
// The root of the installed system among all file systems.
import { open } from "node:fs/promises";
import {
  type BlockGraph,
  type BlockNode,
  type DiskNames,
  findSpec,
  isHardwareName,
  makeProblem,
  type Mount,
  named,
  NO_NAMES,
  type NodeId,
  type Problem,
  UserError,
} from "../../../core/index.ts";
import { readIdentity, readStartedUuids, readMenuRoots } from "../../../inspect/index.ts";
import { mountGuest, type Volumes } from "../../../overlay/index.ts";
import { directoryView } from "../../../system/index.ts";
import { byImages } from "../by-images.ts";
import { chooseRoot, type RootEvidence } from "./choose-root.ts";
import { attach, type FileSystem, type OverlayContext } from "../file-systems.ts";
import { mountPoints } from "../mount-points.ts";
import {
  mountsOf,
  type PlaceMounts,
  type RootPlace,
  rootPlaces,
  type Unread,
  withSubvolume,
} from "./root-places.ts";

export type FoundRoot = {
  /** null: there is none. */
  readonly root: FileSystem | null;
  /** In which it was seen; empty: the default one. */
  readonly subvolume: string;
  readonly mounts: readonly Mount[];
  readonly names: DiskNames;
  readonly problems: readonly Problem[];
};

/** Looks through read-only devices: mounting alone writes to an XFS, and data disks shall stay as they are. */
export async function findRoot(
  context: OverlayContext,
  { wanted }: { readonly wanted: string | null },
): Promise<FoundRoot> {
  await using volumes = await attach(context, { readOnly: true });
  const { places, unread, layouts } = await rootPlaces(volumes, context);
  const asked = wanted === null ? null : placeOf(wanted, places, context.storage);
  const [first, ...more] = places;
  if (first === undefined) {
    const mixed = context.storage.nodes.filter(
      ({ holds }) => holds.kind === "opaque" && holds.content === "mixed",
    );
    const problems = [...byImages(layouts), ...unread.map(mayBeRoot), ...mixed.map(mayBeMixed)];
    return { root: null, subvolume: "", mounts: [], names: NO_NAMES, problems };
  }
  const told = unread.filter(({ isIncomplete }) => !isIncomplete).map(notSeen);
  if (more.length === 0) return foundAt(first, await mountsOf(first, volumes, context), told);
  const looked = new Map<NodeId, { place: RootPlace; mounts: PlaceMounts }>();
  const evidence: RootEvidence[] = [];
  for (const place of places) {
    const mounts = await mountsOf(place, volumes, context);
    looked.set(place.node.id, { place, mounts });
    evidence.push(await evidenceOf(place, mounts, { volumes, context }));
  }
  const chosen = chooseRoot(evidence, asked);
  const one = looked.get(chosen.node);
  if (one === undefined) throw new Error(`${chosen.node} was not looked at`);
  return foundAt(one.place, one.mounts, [...told, ...chosen.problems]);
}

function foundAt(place: RootPlace, found: PlaceMounts, more: readonly Problem[]): FoundRoot {
  const { mounts, names, problems } = found;
  return {
    root: place.node,
    subvolume: place.subvolume,
    mounts: withSubvolume(mounts, place),
    names,
    problems: [...problems, ...more],
  };
}

/** UserError `root-wrong`: no installed system lies there. */
function placeOf(wanted: string, places: readonly RootPlace[], graph: BlockGraph): NodeId {
  const uuid = wanted.replace(/^UUID=/i, "").toLowerCase();
  const spec = findSpec(graph, wanted);
  const found = places.filter(
    ({ node }) =>
      node.id === wanted ||
      node.holds.uuid.toLowerCase() === uuid ||
      node.id === spec ||
      devicesOf(graph, node).includes(wanted),
  );
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return only.node.id;
  const known = places.map(({ node }) => `${node.holds.uuid} or ${node.id}`).join("; ");
  throw new UserError(
    "root-wrong",
    only === undefined
      ? `--root ${wanted} is no installed system on these disks`
      : `--root ${wanted} is there ${found.length} times`,
    { advice: known === "" ? "There is none: leave --root out" : `There are: ${known}` },
  );
}

/** `/dev/sda2` of a partition, as people call it here. */
function devicesOf(graph: BlockGraph, { id }: FileSystem): readonly string[] {
  const below = graph.edges.find(({ from }) => from === id)?.to;
  const part = graph.nodes.find((node) => node.id === below);
  if (part?.holds.kind !== "partition") return [];
  return [`${part.path}${part.holds.number}`, `${part.path}p${part.holds.number}`];
}

type Looking = { readonly volumes: Volumes; readonly context: OverlayContext };

async function evidenceOf(
  { node, subvolume }: RootPlace,
  { mounts, names }: PlaceMounts,
  { volumes, context }: Looking,
): Promise<RootEvidence> {
  const { storage: graph, signal } = context;
  await using tree = await mountGuest({
    volumes,
    root: { node: node.id, type: node.holds.type, options: subvolume },
    mounts: mountPoints(mounts),
    readOnly: true,
    signal,
  });
  const view = directoryView(tree.directory);
  const { title, hostname } = await readIdentity(view);
  const own = mounts.find(({ path }) => path === "/");
  const roots = await readMenuRoots(view);
  const boot = mounts.find(({ path }) => path === "/boot")?.node ?? node.id;
  const bootUuid = graph.nodes.find(({ id }) => id === boot)?.holds;
  const started = await readStartedUuids(view);
  const isByEfi = started.some(
    (uuid) => uuid === node.holds.uuid || (bootUuid?.kind === "filesystem" && uuid === bootUuid.uuid),
  );
  return {
    node: node.id,
    uuid: node.holds.uuid,
    title: [title, hostname].filter((word) => word !== null).join(", "),
    ownLine:
      own === undefined || isHardwareName(own.spec) ? "silent" : own.node === node.id ? "itself" : "another",
    menu:
      roots.length === 0
        ? "none"
        : roots.some((spec) => findSpec(graph, spec, names) === node.id)
          ? "itself"
          : "another",
    isStarted: isByEfi || (roots.length > 0 && (await hasBootCode(boot, context))),
  };
}

/** Signs of GRUB, LILO and syslinux in the first sector of a disk. */
const BOOT_CODE = /GRUB|LILO|Operating system load error/;

async function hasBootCode(boot: NodeId, { storage, views }: OverlayContext): Promise<boolean> {
  for (const id of disksBelow(storage, boot)) {
    const path = storage.nodes.find((node) => node.id === id)?.path;
    const view = views.find(({ disk }) => disk.path === path);
    if (view === undefined) continue;
    await using file = await open(view.path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(446), 0, 446, 0);
    if (BOOT_CODE.test(buffer.toString("latin1", 0, bytesRead))) return true;
  }
  return false;
}

function disksBelow({ nodes, edges }: BlockGraph, id: NodeId): readonly NodeId[] {
  const seen = new Set([id]);
  for (const one of seen) for (const { from, to } of edges) if (from === one) seen.add(to);
  return nodes.flatMap((node) => (node.holds.kind === "disk" && seen.has(node.id) ? [node.id] : []));
}

/** No system was seen elsewhere: it may be the one. */
function mayBeRoot({ node, why }: Unread): Problem {
  return makeProblem("root-not-mounted", {
    about: named("node", node.id),
    text: `${why}. No installed system was found elsewhere`,
    advice: "Mend that, or copy the disks without conversion: --as-is",
  });
}

/** Neither blkid nor udev takes it for one of them, so no system finds it by UUID. */
function mayBeMixed({ id, path, holds }: BlockNode): Problem {
  const what = holds.kind === "opaque" ? holds.why : "";
  return makeProblem("signatures-mixed", {
    about: named("node", id),
    text: `${id} on ${path} has ${what}, one of them left from an earlier use, and no installed system was found elsewhere`,
    advice:
      "On the machine wipefs lists them, and wipefs --backup --all --types TYPE takes the old one away. Then plan again, or copy the disks with --as-is",
  });
}

/** Not the root, since that was found; it may be a data disk. */
function notSeen({ node, why }: Unread): Problem {
  return makeProblem("volume-not-reached", {
    about: named("node", node.id),
    text: why,
    advice: "It is copied as it is and not converted",
  });
}
