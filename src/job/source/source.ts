// SPDX-License-Identifier: Apache-2.0
// The source, opened: disks, the overlay above them, and the installed system mounted on the overlay.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type BlockGraph,
  type BlockView,
  bytesOf,
  type DiskPreview,
  type Emit,
  errorOf,
  type ExtentMap,
  type GuestOS,
  type GuestView,
  type Machine,
  type Problem,
  type SealedView,
  type SourceDisk,
  UserError,
  unknown,
} from "../../core/index.ts";
import {
  inspectMachine,
  openSourceDisk,
  readDiskGraph,
  readUsedMaps,
  refuseInUse,
  refuseOnePath,
} from "../../inspect/index.ts";
import { openOverlay } from "../../overlay/index.ts";
import type { KeyAnswer, ToldDisk } from "../../plan/index.ts";
import { missingInKernel, readKernelNeeds, readMountTable } from "../../system/index.ts";
import { checkVolumes } from "./file-systems.ts";
import { findGuest, type MountedGuest } from "./guest.ts";
import { readKeys } from "./keys.ts";
import type { FoundDisks } from "./found-disks.ts";
import { lockedVolumes, plainCopies } from "./locked.ts";
import { chooseMirrors, type FewerDisks, isExpected } from "./mirrors.ts";
import { eraseRaidSignatures } from "./plain-disks.ts";
import { shrinkArrays } from "./shrink-arrays.ts";
import { toldNames } from "./told-names.ts";
import { unopenedVolumes } from "./unopened.ts";

type Call = { readonly signal: AbortSignal; readonly emit: Emit };

type FindOptions = Call & { readonly mirrors?: "keep" | "one"; readonly keys?: readonly KeyAnswer[] };

/** With `mirrors: "one"` a disk whose arrays are all on other disks is left out, and the others are numbered anew. */
export async function findDisks(paths: readonly string[], options: FindOptions): Promise<FewerDisks> {
  const found = chooseMirrors(await findAll(paths, options), options.mirrors ?? "keep");
  for (const disk of found.disks)
    options.emit({ type: "step", phase: "inspect", text: `disk ${disk.number}: ${disk.path}` });
  return found;
}

async function findAll(
  paths: readonly string[],
  { keys: answers = [], signal }: FindOptions,
): Promise<FoundDisks> {
  refuseOrdinaryUser();
  const { keys, problems: ofKeys } = await readKeys(answers);
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  await refuseTwice(disks);
  await refuseKernel(disks);
  await refuseInUse(disks);
  const { graph, problems: ofDisks, opened } = await readDiskGraph(disks, { keys, signal });
  const machineIsSource = disks.every((disk) => disk.kind === "device") && (await runsLive());
  const machine = machineIsSource ? await inspectMachine({ signal }) : machineOfImages(graph);
  const problems = [...ofKeys, ...ofDisks];
  return { disks, storage: graph, problems, machine, machineIsSource, opened };
}

/** Root file systems of systems that run from a CD, a stick or the network. */
const LIVE_ROOTS: ReadonlySet<string> = new Set([
  "overlay",
  "tmpfs",
  "ramfs",
  "rootfs",
  "squashfs",
  "erofs",
  "nfs",
  "nfs4",
]);

/**
 * Are the disks those of the machine that runs this program? Only when its own system is on none of them: a disk that
 * somebody put into an administrator's computer brings no NICs and no memory with it.
 */
async function runsLive(): Promise<boolean> {
  const root = (await readMountTable()).findLast((entry) => entry.path === "/");
  return root !== undefined && LIVE_ROOTS.has(root.type);
}

/** Loop devices, mounts and the guest's own tools in a chroot: an ordinary user has none of these. */
export function refuseOrdinaryUser(): void {
  if (process.getuid?.() === 0) return;
  throw new UserError("not-root", "Looking into disks needs root", {
    advice: "Run it as root, or with sudo",
  });
}

async function refuseKernel(disks: readonly SourceDisk[]): Promise<void> {
  const needs = await readKernelNeeds();
  const missing = missingInKernel(
    needs,
    disks.map(({ kind }) => kind),
  );
  if (missing === null) return;
  const { what, advice } = missing;
  throw new UserError("kernel-lacks", `The running kernel, Linux ${needs.release}, ${what}`, { advice });
}

export async function refuseTwice(disks: readonly SourceDisk[]): Promise<void> {
  for (const [index, disk] of disks.entries())
    if (disks.slice(0, index).some((other) => other.path === disk.path))
      throw new UserError("disk-twice", `${disk.path} is given twice`, {
        advice: "Give each disk once",
      });
  await refuseOnePath(disks);
}

function machineOfImages(storage: BlockGraph): Machine {
  const why = "the disk came without its machine";
  return {
    format: "machine/1",
    name: "",
    arch: "x86_64",
    memoryBytes: unknown(why),
    clock: unknown(why),
    firmware: unknown(why),
    cpu: unknown(why),
    dmi: unknown(why),
    nics: [],
    controllers: [],
    storage,
  };
}

export type OpenSource = FewerDisks &
  AsyncDisposable & {
    readonly guest: GuestOS | null;
    /** The guest's files as they are on the overlay now; null where there is no guest. */
    readonly mounted: { readonly view: GuestView; readonly directory: string } | null;
    /** Used bytes as the disks are after replay; conversion adds a few files to that. */
    readonly usage: readonly DiskPreview[];
    /** Which bytes these are, by disk number. */
    readonly used: ReadonlyMap<number, ExtentMap>;
    /** Unmounts the guest and ends all writing. */
    seal(): Promise<readonly SealedView[]>;
  };

type OpenOptions = Call & {
  readonly workDirectory: string;
  readonly asIs: boolean;
  readonly root: string | null;
  /** Names on the old machine, and the given disks that had them; absent: nobody says. */
  readonly was?: readonly ToldDisk[];
};

/** Lays an overlay above each disk, replays and checks its file systems there, and mounts the installed system. */
export async function openSource(found: FewerDisks, options: OpenOptions): Promise<OpenSource> {
  const { signal, workDirectory, asIs } = options;
  refuseHibernated(found.storage, asIs);
  refuseEmpty(found, asIs);
  const told = toldNames(found, options.was);
  await using opening = new AsyncDisposableStack();
  const views: BlockView[] = [];
  for (const disk of found.disks) {
    const storeDirectory = join(workDirectory, `overlay-${disk.number}`);
    await mkdir(storeDirectory, { mode: 0o700 });
    views.push(opening.use(await openOverlay(disk, { storeDirectory, signal })));
  }
  await shrinkArrays(found, views);
  if (!asIs) await eraseRaidSignatures(found.storage, views);
  const problems = found.problems.map((problem) => (asIs ? asItIs(problem) : problem));
  if (!asIs) problems.push(...(await checkVolumes({ ...found, views, told, ...options })));
  const { usage, used } = await measure(found, views, signal); // while nothing is mounted on the views
  let guest: MountedGuest | null = null;
  if (!asIs) {
    const looked = await findGuest({ ...found, views, told, ...options }, { wanted: options.root });
    guest = looked.guest;
    if (guest !== null) opening.use(guest);
    problems.push(...looked.problems.filter((problem) => !isExpected(problem, found.leftOut)));
  }
  if (!asIs) problems.push(...unopenedVolumes(found.storage, { hasGuest: guest !== null }));
  problems.push(...plainCopies(found.storage, guest?.os ?? null));
  if (!asIs)
    problems.push(...lockedVolumes(found.storage, { hasGuest: guest !== null, told: found.problems }));
  const resources = opening.move();
  return {
    ...found,
    problems,
    usage,
    used,
    guest: guest?.os ?? null,
    mounted: guest === null ? null : { view: guest.view, directory: guest.directory },
    async seal() {
      await guest?.[Symbol.asyncDispose]();
      const sealed: SealedView[] = [];
      for (const view of views) sealed.push(resources.use(await view.seal({ signal })));
      return sealed;
    },
    async [Symbol.asyncDispose]() {
      await resources.disposeAsync();
    },
  };
}

/** What is not understood is no reason to stop where nothing is to be understood. */
const asItIs = (problem: Problem): Problem =>
  problem.code === "firmware-raid-part" ? { ...problem, severity: "warns" } : problem;

async function measure(
  { disks, storage, opened }: FoundDisks,
  views: readonly BlockView[],
  signal: AbortSignal,
): Promise<Pick<OpenSource, "usage" | "used">> {
  const paths = new Map(views.map((view) => [view.disk.number, view.path]));
  const { maps } = await readUsedMaps({ graph: storage, views: paths, opened, signal });
  const usage = disks.map(({ number, path, sizeBytes }) => {
    const map = maps.get(number);
    return { number, path, sizeBytes, usedBytes: map === undefined ? sizeBytes : bytesOf(map, "data") };
  });
  return { usage, used: maps };
}

function refuseHibernated(storage: BlockGraph, asIs: boolean): void {
  const swap = storage.nodes.find(({ holds }) => holds.kind === "swap" && holds.hibernated);
  if (swap === undefined || asIs) return;
  throw new UserError(
    "hibernated",
    `The system on these disks is hibernated (its memory lies in the swap ${swap.id} on ${swap.path})`,
    {
      advice:
        "Start the machine, shut it down properly, and try again; or copy everything as it is with --as-is",
    },
  );
}

function refuseEmpty({ disks, storage, problems }: FoundDisks, asIs: boolean): void {
  const telling = storage.nodes.some(({ holds }) => holds.kind !== "disk" && holds.kind !== "opaque");
  if (telling || asIs) return;
  const stopping = problems.find(({ severity, code }) => severity === "stops" || code === "gpt-damaged");
  if (stopping !== undefined) throw errorOf(stopping);
  const parts = storage.nodes.flatMap(({ holds, path }) =>
    holds.kind === "opaque" && holds.content === "part" ? [`${path} holds ${holds.why}`] : [],
  );
  throw new UserError(
    "nothing-found",
    parts.length > 0
      ? `${parts.slice(0, 8).join("; ")}: there is no system that could be converted`
      : `${disks.map((disk) => disk.path).join(", ")}: no partition table and no file system`,
    {
      advice:
        "Check that this is the whole disk of a machine, and uncompressed; or copy it byte for byte with --as-is",
    },
  );
}
