// SPDX-License-Identifier: Apache-2.0
// One disk over several lanes: workers take cells in order, and skip those whose hash the destination already has.
import { bytesOf, normalizeRanges, type Range, UserError } from "../core/index.ts";
import { cellCount, cellRange, type Grid, ProtocolError, segmentBytesFor } from "../wire/index.ts";
import { BadSectors } from "./bad-sectors.ts";
import { CellSender } from "./cell-sender.ts";
import { cellWork, touches } from "./cells.ts";
import type { Connection } from "./connection.ts";
import type { CopyOptions, CopyResult, DiskToCopy, Sample } from "./options.ts";
import { DurableEntries } from "./entries.ts";
import type { Lane } from "./lane.ts";
import type { RateLimit } from "./rate.ts";
import { sampleCells } from "./known/sample.ts";
import { openSource, type Source } from "./source.ts";
import { runWorkers, WorkQueue } from "./worker-pool.ts";

/** Cells that one lane reads, hashes and compresses at one time: enough to keep the thread pool busy. */
const WORKERS_PER_LANE = 3;
/** Sent and not yet acknowledged, per lane: some of the agent's flush groups, so that it never waits for us. */
const WINDOW_BYTES = 96 * 2 ** 20;

/** On a device without discard the agent must look at all of it, and write; it says nothing until that is done. */
const VOLUME_ZERO_BYTES = 2 ** 30;

type Job = {
  readonly disk: DiskToCopy;
  readonly connection: Connection;
  readonly limit: RateLimit;
  readonly options: CopyOptions;
};

/** What of a disk is done outlives a connection: only what was under way is done again with the next one. */
export async function copyDisk({ disk, connection, limit, options }: Job): Promise<CopyResult> {
  if (disk.map.size !== disk.sizeBytes)
    throw new RangeError(`Map of ${disk.map.size} bytes for a disk of ${disk.sizeBytes}`);
  const grid: Grid = {
    sizeBytes: disk.sizeBytes,
    segmentBytes: options.segmentBytes ?? segmentBytesFor(disk.sizeBytes),
  };
  const bad = options.skipBadSectors === true ? badSectorsOf(disk, options) : null;
  await using source = await openSource(disk, bad);
  const onDurable = (): void => connection.progressed();
  const sender = new CellSender({ disk, grid, source, limit, options, onDurable });
  const work = new WorkQueue(
    cellWork(disk.map, grid, disk.volume === undefined ? {} : { maxZeroBytes: VOLUME_ZERO_BYTES }),
  );
  let rootSha256: string | null = null;
  /** null: not asked yet. Later the destination has what this copy brought, too. */
  let isKnown: boolean | null = disk.known === undefined ? false : null;
  let sample: Sample | null = null;
  const { signal } = options;
  for (let opened: Opened | null = null; ; ) {
    try {
      const lanes = await connection.lanes();
      const mode = opened === null ? (options.mode ?? "resume") : "resume";
      opened = await openOnAll(disk, { grid, lanes, mode });
      if (!opened.kept && sender.isPartlyDurable) throw disappeared(disk.file);
      sender.entries = opened.kept ? entriesOf(lanes, disk, grid) : null;
      if (isKnown === null) {
        const found = await sampleKnown({
          disk,
          grid,
          source,
          lane: lanes[0],
          entries: sender.entries,
          signal,
        });
        isKnown = found !== null && found.missed === null;
        sample = found;
      }
      sender.isKnown = isKnown;
      await runWorkers(work, {
        lanes,
        workersPerLane: WORKERS_PER_LANE,
        windowPerLane: Math.max(2 * WORKERS_PER_LANE, Math.floor(WINDOW_BYTES / grid.segmentBytes)),
        send: (cell, lane) => sender.send(cell, lane),
        signal,
      });
      rootSha256 ??= sender.root.digest();
      await closeOnAll(disk, lanes, rootSha256);
      return {
        number: disk.number,
        file: disk.file,
        ...grid,
        usedBytes: bytesOf(disk.map, "data"),
        sentBytes: sender.sentBytes,
        cells: cellCount(grid),
        cellsKept: sender.cellsKept,
        readBytes: sender.readBytes,
        sample,
        rootSha256,
        readBack: opened.readBack,
        receiver: connection.receiver,
        bad: bad?.ranges ?? [],
      };
    } catch (error) {
      await connection.recover(error);
    }
  }
}

type Known = {
  readonly disk: DiskToCopy;
  readonly grid: Grid;
  readonly source: Source;
  readonly lane: Lane | undefined;
  readonly entries: DurableEntries | null;
  readonly signal: AbortSignal;
};

/** null: the destination does not have what it had after the copy that is known. */
async function sampleKnown({ disk, grid, source, lane, entries, signal }: Known): Promise<Sample | null> {
  const { known, file } = disk;
  if (known === undefined || lane === undefined || (await entries?.root()) !== known.rootSha256) return null;
  if (!known.isSampled) return { pieces: 0, bytes: 0, missed: null };
  const unread: Range[] = [];
  for (const work of cellWork(disk.map, grid))
    if (work.kind === "data" && !touches(known.changed, cellRange(grid, work.index)))
      unread.push(...work.data);
  const cellBytes = grid.segmentBytes;
  return await sampleCells(normalizeRanges(unread), { file, cellBytes, source, lane, signal });
}

function badSectorsOf({ number }: DiskToCopy, { emit }: CopyOptions): BadSectors {
  return new BadSectors(number, ({ start, end }) =>
    emit({
      type: "step",
      phase: "copy",
      text: `Disk ${number} cannot be read at bytes ${start}-${end}: skipped`,
    }),
  );
}

function entriesOf([first]: readonly Lane[], disk: DiskToCopy, grid: Grid): DurableEntries {
  if (first === undefined) throw new RangeError("A copy needs a lane");
  return new DurableEntries(first, disk.file, cellCount(grid));
}

async function closeOnAll(disk: DiskToCopy, lanes: readonly Lane[], rootSha256: string): Promise<void> {
  for (const lane of lanes.toReversed()) {
    const { message } = await lane.request({ type: "close", disk: disk.file });
    if (message.type !== "closed") throw new ProtocolError(`The agent answers close with ${message.type}`);
    if (message.rootSha256 !== rootSha256) throw rootDiffers(disk.file);
  }
}

type Opened = { readonly kept: boolean; readonly readBack: CopyResult["readBack"] };
type Opening = {
  readonly grid: Grid;
  readonly lanes: readonly Lane[];
  readonly mode: "resume" | "replace";
};

/** The first lane makes or finds the files, the others join. */
async function openOnAll(disk: DiskToCopy, { grid, lanes, mode }: Opening): Promise<Opened> {
  let kept: boolean | null = null;
  let readBack: CopyResult["readBack"] = "direct";
  for (const lane of lanes) {
    const { message } = await lane.request({
      type: "open",
      disk: disk.file,
      ...grid,
      ...(disk.volume === undefined
        ? { format: disk.format }
        : { format: "volume" as const, volume: disk.volume }),
      mode: kept === null ? mode : kept ? "resume" : "new",
      join: kept !== null,
    });
    if (message.type !== "opened") throw new ProtocolError(`The agent answers open with ${message.type}`);
    kept ??= message.kept;
    if (message.readBack === "cached") readBack = "cached";
  }
  return { kept: kept ?? false, readBack };
}

function disappeared(file: string): UserError {
  return new UserError("destination-gone", `${file} was removed while it was copied`, {
    advice: "Find out what removes files there, and run the same command again",
  });
}

function rootDiffers(file: string): UserError {
  return new UserError("root-differs", `The destination's hashes of ${file} are not those of what was sent`, {
    advice: "Run it again with --replace; if it happens again, suspect that machine's memory or disk",
  });
}
