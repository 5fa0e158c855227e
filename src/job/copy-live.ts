// SPDX-License-Identifier: Apache-2.0
// The disks of a system that runs, copied ahead. What comes of it is no VM: images without a manifest, from which a migration
// of the same name goes on. Nothing is claimed, frozen or written here.
import { hostname } from "node:os";
import { copyDisks, reopenDisks } from "../copy/index.ts";
import {
  bytesOf,
  type Emit,
  errorOf,
  type ExtentMap,
  type Host,
  isVmName,
  type SourceDisk,
  uniform,
  UserError,
} from "../core/index.ts";
import { openSourceDisk, readDiskGraph, readUsedMaps } from "../inspect/index.ts";
import { type Answers, fitDirectory, imageFile, isFinished } from "../plan/index.ts";
import { run, stepBack } from "../system/index.ts";
import { transferOptions } from "./copy.ts";
import { connectHost, printDestination, type SshAccess, vmDirectory } from "./destination/destination.ts";
import { askDirectory } from "./destination/directory.ts";
import { writeLastPass } from "./last-pass.ts";
import { forgetWrites, knownCells, LiveWrites } from "./writes/live-writes.ts";
import { startPhases } from "./phases.ts";
import { refuseOrdinaryUser, refuseTwice } from "./source/source.ts";

export type LivePass = {
  /** From 1. */
  readonly number: number;
  readonly usedBytes: number;
  /** Less than `usedBytes` where the kernel's record told what had changed. */
  readonly readBytes: number;
  /** On the wire. */
  readonly sentBytes: number;
  readonly seconds: number;
};

export type LiveCopy = {
  readonly name: string;
  readonly destination: string;
  readonly passes: readonly LivePass[];
};

export type CopyLiveOptions = SshAccess & {
  readonly answers: Pick<Answers, "disks" | "destination" | "name" | "format" | "transfer" | "windowEnds">;
  /** Passes until one is no shorter than the one before. */
  readonly follow: boolean;
  /** Reads only what the kernel saw being written since the pass before. */
  readonly trustWrites: boolean;
  readonly version: string;
  readonly onPass: (pass: LivePass) => void;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

type Ground = Omit<CopyLiveOptions, "onPass" | "follow" | "trustWrites"> & {
  readonly disks: readonly SourceDisk[];
  readonly name: string;
  readonly host: Host;
  readonly directory: string;
  /** null: every pass reads all that is in use. */
  readonly writes: LiveWrites | null;
};

/** UserError as for a migration; what is durable at the destination stays there in every case. */
export async function copyLive({
  onPass,
  follow,
  trustWrites,
  ...options
}: CopyLiveOptions): Promise<LiveCopy> {
  const { answers, signal, emit } = options;
  refuseOrdinaryUser();
  const name = nameFor(answers.name);
  await stepBack();
  const phases = startPhases(emit);
  const disks = await Promise.all(answers.disks.map((path, index) => openSourceDisk(path, index + 1)));
  await refuseTwice(disks);
  await using host = await connectHost(answers.destination, { ...options, signal });
  const directory = vmDirectory(answers.destination, name);
  const destination = printDestination(answers.destination, name);
  if (!trustWrites) await forgetWrites(disks);
  await using writes = trustWrites ? await LiveWrites.open({ disks, destination, signal, emit }) : null;
  const ground: Ground = { ...options, disks, name, host, directory, writes };
  const passes: LivePass[] = [];
  for (let isOver = false; !isOver; ) {
    const begun = performance.now();
    const copied = await phases.run("copy", () => copyOnce(ground, { isFirst: passes.length === 0 }));
    const pass = { number: passes.length + 1, ...copied, seconds: (performance.now() - begun) / 1000 };
    passes.push(pass);
    await writeLastPass(host, directory, pass);
    onPass(pass);
    isOver = !follow || !isWorthAnother(passes, { now: new Date(), endsAt: answers.windowEnds ?? null });
  }
  return { name, destination, passes };
}

/** A pass that is shorter by less than this is as short as it gets: what is left is reading, or what the server writes meanwhile. */
const LEAST_GAIN = 0.2;

/** Pure. `endsAt`: no pass may end later, as far as the last one tells. */
export function isWorthAnother(
  passes: readonly Pick<LivePass, "seconds" | "sentBytes">[],
  { now, endsAt }: { readonly now: Date; readonly endsAt: Date | null },
): boolean {
  const [last, before] = passes.toReversed();
  if (last === undefined) return true;
  if (endsAt !== null && now.getTime() + last.seconds * 1000 > endsAt.getTime()) return false;
  if (last.sentBytes === 0) return false;
  return before === undefined || last.seconds < before.seconds * (1 - LEAST_GAIN);
}

function nameFor(given: string | null): string {
  const name = given ?? hostname().split(".")[0] ?? "";
  if (isVmName(name)) return name;
  throw new UserError(given === null ? "name-missing" : "name-wrong", `"${name}" is not a name for a VM`, {
    advice: "Give one with --name: letters, digits, dot, dash and underscore, at most 63",
  });
}

async function copyOnce(
  ground: Ground,
  { isFirst }: { isFirst: boolean },
): Promise<Omit<LivePass, "number" | "seconds">> {
  const { answers, disks, name, host, directory, version, writes, signal, emit } = ground;
  const { transfer, format } = answers;
  emit({ type: "step", phase: "copy", text: "Reading which blocks are in use" });
  // What was read in an earlier pass is still in the page cache of the whole disk; writes through a partition pass it by.
  for (const { kind, path } of disks) if (kind === "device") await flush(path, signal);
  const before = (await writes?.beginPass()) ?? null;
  const maps = await usedNow(disks, ground);
  const usedBytes = [...maps.values()].reduce((sum, map) => sum + bytesOf(map, "data"), 0);
  if (isFirst) await makeRoom(ground, usedBytes);
  const results = await copyDisks({
    host,
    directory,
    disks: disks.map((disk) => {
      const map = maps.get(disk.number) ?? uniform(disk.sizeBytes, "data");
      return {
        number: disk.number,
        file: imageFile(name, disk.number, format),
        format,
        sizeBytes: disk.sizeBytes,
        map,
        read: {
          sourcePath: disk.path,
          viewPath: disk.path,
          touched: [],
          direct: disk.kind === "device",
        },
        known: knownCells(before, disk.number, map),
      };
    }),
    ...transferOptions(transfer, answers.destination),
    release: version,
    signal,
    emit,
  });
  writes?.endPass({ maps, results });
  return {
    usedBytes,
    readBytes: results.reduce((sum, one) => sum + one.readBytes, 0),
    sentBytes: results.reduce((sum, one) => sum + one.sentBytes, 0),
  };
}

/**
 * By the maps of the file systems as they are on the disks now: only a hint, since the kernel may hold newer ones. What they
 * miss is zero in the image, and found by the migration, which compares all of it.
 */
async function usedNow(
  disks: readonly SourceDisk[],
  { signal, emit }: Pick<Ground, "signal" | "emit">,
): Promise<ReadonlyMap<number, ExtentMap>> {
  const { graph, opened } = await readDiskGraph(disks, { keys: [], signal });
  const views = new Map(disks.map(({ number, path }) => [number, path]));
  const { maps, notes } = await readUsedMaps({ graph, views, opened, signal, isHint: true });
  for (const problem of notes) emit({ type: "problem", problem });
  return maps;
}

const FLUSH_MS = 600_000;

/**
 * What is mounted from the disk is written to it, as sync(1) does; and what was read in an earlier pass leaves the page cache of
 * the whole disk, which writes through a partition pass by. From the top down: volumes, arrays, partitions, the disk.
 */
async function flush(disk: string, signal: AbortSignal): Promise<void> {
  const { stdout } = await run(["lsblk", "--noheadings", "--list", "--output", "PATH", "--", disk], {
    signal,
  });
  const devices = new Set(stdout.split("\n").map((line) => line.trim()));
  for (const device of [...devices].toReversed())
    if (device.startsWith("/dev/"))
      await run(["blockdev", "--flushbufs", device], { signal, timeoutMs: FLUSH_MS });
}

/** A finished VM is never made an unfinished one: whoever wants that says so to a migration. */
async function makeRoom(
  { disks, name, answers, host, directory, signal }: Ground,
  usedBytes: number,
): Promise<void> {
  const facts = await askDirectory(host, directory, { signal });
  const { problems } = fitDirectory(facts, { replace: false, update: false, usedBytes });
  const stop = problems.find(({ severity }) => severity === "stops");
  if (stop !== undefined)
    throw errorOf(
      isFinished(facts.files)
        ? { ...stop, advice: "Choose another --name, or remove that VM first: virt-p2v host undefine" }
        : stop,
    );
  await host.makeDirectory(directory, { mode: 0o700 });
  await host.remove(`${directory}/manifest.json`); // of a run that ended before its report
  await reopenDisks(
    host,
    directory,
    disks.map(({ number }) => imageFile(name, number, answers.format)),
  );
}
