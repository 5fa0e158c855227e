// SPDX-License-Identifier: Apache-2.0
// How far the source is proven unchanged. The words in `detail` say what was compared, and never claim more.
import {
  type BlockGraph,
  type Emit,
  formatBytes,
  type Proof,
  type ProofLevel,
  type Range,
  type SealedView,
  type SourceDisk,
  UserError,
} from "../core/index.ts";
import { isErrno, openDirect } from "../system/index.ts";
import { watchCounters } from "./counters.ts";
import { findDifferences, hashWhole, logRanges } from "./hash-source.ts";
import { frameRanges, grown } from "./ranges.ts";
import { type HashedRange, SegmentLog } from "./segment-log.ts";
import { claimSource } from "./source-claim.ts";

/** What the copy tells of a cell: its hash as sent, the ranges read, and whether all of them came from the source. */
export type CopiedRange = HashedRange & { readonly disk: number; readonly pure: boolean };

export interface ProofRun extends AsyncDisposable {
  readonly level: ProofLevel;
  /** Level `used`: hashes, from the source itself, what the overlay shadows. Call it for each view when it is sealed. */
  sealed(view: Pick<SealedView, "disk" | "touched">): Promise<void>;
  /** Level `used`: call it for every cell that is copied. Bound: it can be handed on as a callback. */
  readonly record: (range: CopiedRange) => void;
  /** Looks at the source again. Never throws for a source that changed: `held` is false, and `detail` says what. */
  finish(): Promise<Proof>;
}

type ProofOptions = {
  readonly disks: readonly SourceDisk[];
  readonly level: ProofLevel;
  /** Level `used`: where the partitions lie; without it only the ends of the disk count as its frame. */
  readonly storage?: BlockGraph;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

const MIB = 2 ** 20;

/**
 * Begins the proof; before any overlay. Block devices become read-only in the kernel here (until dispose). UserError
 * `source-in-use` when a disk is mounted or written to.
 */
export async function startProof(options: ProofOptions): Promise<ProofRun> {
  const { level } = options;
  const from = new Date();
  await using scope = new AsyncDisposableStack();
  const disks: DiskProof[] = [];
  for (const disk of options.disks) disks.push(scope.use(await startDisk(disk, options)));
  const of = (number: number): DiskProof => {
    const found = disks.find(({ disk }) => disk.number === number);
    if (found === undefined) throw new RangeError(`There is no proof for disk ${number}`);
    return found;
  };
  const owned = scope.move();
  return {
    level,
    sealed: (view) => of(view.disk.number).sealed(view.touched),
    record: (range) => of(range.disk).record(range),
    async finish() {
      const results: Proof["disks"][number][] = [];
      for (const disk of disks) results.push({ path: disk.disk.path, ...(await disk.finish()) });
      return {
        level,
        held: results.every(({ held }) => held),
        from: from.toISOString(),
        to: new Date().toISOString(),
        disks: results,
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Verdict = { readonly held: boolean; readonly detail: string };

interface DiskProof extends AsyncDisposable {
  readonly disk: SourceDisk;
  sealed(touched: readonly Range[]): Promise<void>;
  record(range: CopiedRange): void;
  finish(): Promise<Verdict>;
}

async function startDisk(disk: SourceDisk, options: ProofOptions): Promise<DiskProof> {
  const { level, signal } = options;
  // Read-only must not be forced on a disk that is mounted here: the system that runs on it would break.
  await (await claimSource(disk, { signal }))[Symbol.asyncDispose]();
  await using scope = new AsyncDisposableStack();
  const watch = scope.use(await watchCounters(disk, { signal }));
  const content =
    level === "full"
      ? await proveFull(disk, options)
      : level === "used"
        ? await proveUsed(disk, options)
        : nothingRead(disk);
  const owned = scope.move();
  return {
    disk,
    sealed: content.sealed,
    record: content.record,
    finish: async () => join(disk, level, await readVerdict(content.finish), await watch.verdict({ signal })),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Content = Pick<DiskProof, "sealed" | "record" | "finish">;
const noSeal = (): Promise<void> => Promise.resolve();
const noRecord = (): void => undefined;

function nothingRead(disk: SourceDisk): Content {
  const detail = disk.kind === "file" ? "contents not compared" : "";
  return { sealed: noSeal, record: noRecord, finish: () => Promise.resolve({ held: true, detail }) };
}

async function proveFull(disk: SourceDisk, options: ProofOptions): Promise<Content> {
  const hash = async (): Promise<{ sha256: string; how: string }> => {
    await using file = await openDirect(disk.path);
    const onBytes = progress(disk, disk.sizeBytes, options.emit);
    return {
      sha256: await hashWhole(file, disk.sizeBytes, { signal: options.signal, onBytes }),
      how: howRead(file),
    };
  };
  step(options, `SHA-256 of all ${formatBytes(disk.sizeBytes)} of ${disk.path}, before`);
  const before = await hash();
  return {
    sealed: noSeal,
    record: noRecord,
    async finish() {
      step(options, `SHA-256 of all ${formatBytes(disk.sizeBytes)} of ${disk.path}, after`);
      const after = await hash();
      const held = after.sha256 === before.sha256;
      const what = `SHA-256 of all ${disk.sizeBytes} bytes, read ${after.how}`;
      return held
        ? { held, detail: `${what}, is the same before and after: ${after.sha256}` }
        : { held, detail: `${what}, was ${before.sha256} before and is ${after.sha256} after` };
    },
  };
}

async function proveUsed(disk: SourceDisk, options: ProofOptions): Promise<Content> {
  const { signal } = options;
  const hashNow = async (ranges: readonly Range[]): Promise<SegmentLog> => {
    try {
      await using file = await openDirect(disk.path);
      return await logRanges(file, ranges, { signal });
    } catch (error) {
      throw isErrno(error, "EIO", "ENODATA") ? unreadable(disk, error) : error;
    }
  };
  const frame = await hashNow(frameRanges(disk, options.storage));
  const copied = new SegmentLog();
  let shadowed: SegmentLog | null = null;
  return {
    async sealed(touched) {
      shadowed = await hashNow(grown(touched, disk.sizeBytes));
    },
    record(range) {
      if (range.pure) copied.add(range); // the others hold bytes of the overlay; see grown()
    },
    async finish() {
      if (shadowed === null) throw new Error(`The proof of ${disk.path} was not told of the sealed view`);
      const logs = [
        { log: frame, what: "in the partition table, gaps and ends, as hashed before the overlay was laid" },
        { log: shadowed, what: "under the overlay's changes, as hashed when it was sealed" },
        { log: copied, what: "copied from the source, as hashed while copying" },
      ];
      const total = logs.reduce((sum, { log }) => sum + log.dataBytes, 0);
      step(options, `Reading ${formatBytes(total)} of ${disk.path} again`);
      await using file = await openDirect(disk.path);
      const onBytes = progress(disk, total, options.emit);
      const same: string[] = [];
      const faults: string[] = [];
      for (const { log, what } of logs) {
        const found = await findDifferences(file, log, { signal, onBytes });
        if (found.length > 0) faults.push(describe(found, what));
        else if (log.dataBytes > 0) same.push(`${formatBytes(log.dataBytes)} ${what}`);
      }
      if (faults.length > 0) return { held: false, detail: faults.join("; ") };
      const detail = `read again ${howRead(file)} and found the same: ${same.join("; ")}. Unused blocks were not compared`;
      return { held: true, detail };
    },
  };
}

function unreadable({ path }: SourceDisk, cause: Error): UserError {
  return new UserError("source-unreadable", `${path} has bad sectors where its proof begins`, {
    advice:
      "Look at the kernel log and smartctl for it. --proof counters needs no reading; --skip-bad-sectors copies what can be read",
    cause,
  });
}

function describe(found: readonly Range[], what: string): string {
  const [first] = found.toSorted((a, b) => a.start - b.start);
  return `${found.length} ranges differ of those ${what} (first at byte ${first?.start})`;
}

const howRead = (file: { readonly how: "direct" | "cached" }): string =>
  file.how === "direct" ? "past the page cache" : "through the page cache";

/** A disk that can no longer be read is not proven, which is worth a report, not a failed job. */
async function readVerdict(finish: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await finish();
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && "syscall" in error))
      return { held: false, detail: `it cannot be read any more: ${error.message}` };
    throw error;
  }
}

/** Equal hashes of all bytes outweigh a file's times; below that, every sign of a write counts. */
function join(disk: SourceDisk, level: ProofLevel, content: Verdict, kernel: Verdict): Verdict {
  const held = content.held && (kernel.held || (level === "full" && disk.kind === "file"));
  return { held, detail: [content.detail, kernel.detail].filter((text) => text !== "").join("; ") };
}

function step({ emit }: ProofOptions, text: string): void {
  emit({ type: "step", phase: "verify", text });
}

function progress(disk: SourceDisk, totalBytes: number, emit: Emit): (bytes: number) => void {
  let doneBytes = 0;
  let reported = 0;
  return (bytes) => {
    doneBytes += bytes;
    if (doneBytes - reported < 32 * MIB && doneBytes < totalBytes) return;
    reported = doneBytes;
    emit({ type: "progress", phase: "verify", disk: disk.path, doneBytes, totalBytes, sentBytes: 0 });
  };
}
