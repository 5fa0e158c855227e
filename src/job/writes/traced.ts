// SPDX-License-Identifier: Apache-2.0
// A copy that reads what the kernel's record of writes names, and a sample of the rest; and the comparison of all the rest, once the
// VM may run.
import type { CopiedSegment, CopyResult, KnownCells } from "../../copy/index.ts";
import {
  type Compared,
  type Emit,
  type ExtentMap,
  formatBytes,
  makeProblem,
  normalizeRanges,
  type Range,
  rangesOf,
  type SealedView,
  type SourceDisk,
  type BlockGraph,
} from "../../core/index.ts";
import { findDifferences, frameRanges, SegmentLog } from "../../proof/index.ts";
import { openDirect } from "../../system/index.ts";
import { findChanged, type KnownWrites } from "../../writes/index.ts";

const MAX_DIFFERING = 1000;

export class Traced {
  /** null: not trusted, and all is read. */
  readonly #known: KnownWrites | null;
  readonly #why: string;
  readonly #metadata = new Map<number, Range[]>();
  readonly #unread = new Map<number, SegmentLog>();
  #results: readonly CopyResult[] = [];

  /** `found`: why not, if it is words. */
  constructor(found: KnownWrites | string) {
    this.#known = typeof found === "string" ? null : found;
    this.#why = typeof found === "string" ? found : "";
  }

  /** What the maps rest on: it is read again itself. */
  readonly onRead = (disk: number, range: Range): void => {
    const list = this.#metadata.get(disk) ?? [];
    this.#metadata.set(disk, list);
    list.push(range);
    if (list.length % 10_000 === 0) this.#metadata.set(disk, normalizeRanges(list));
  };

  readonly onUnread = (segment: Omit<CopiedSegment, "pure">): void => {
    const log = this.#unread.get(segment.disk) ?? new SegmentLog();
    this.#unread.set(segment.disk, log);
    log.add(segment);
  };

  knownCells(
    { disk, touched }: Pick<SealedView, "disk" | "touched">,
    { map, storage }: { readonly map: ExtentMap; readonly storage: BlockGraph },
  ): KnownCells | undefined {
    const known = this.#known?.get(disk.number);
    if (known === undefined) return undefined;
    const changed = normalizeRanges([
      ...findChanged(known, rangesOf(map, "data"), disk.sizeBytes),
      ...touched,
      ...frameRanges(disk, storage),
      ...(this.#metadata.get(disk.number) ?? []),
    ]);
    return { rootSha256: known.rootSha256, changed, isSampled: true };
  }

  copied(results: readonly CopyResult[], emit: Emit): void {
    this.#results = results;
    for (const { number, sample } of results)
      if (sample !== null && sample.missed !== null)
        emit({
          type: "problem",
          problem: makeProblem("writes-missed", {
            about: [],
            text: `Disk ${number} differs at ${sample.missed.start}, which the kernel's record of writes does not name: all of it was read`,
            advice:
              "Nothing need be done for this VM; something wrote past the kernel, or the record has a fault: please report it",
          }),
        });
  }

  /** As it is when the copy is done. */
  verdict(): Compared {
    const samples = this.#results.flatMap(({ sample }) => (sample === null ? [] : [sample]));
    const unreadBytes = [...this.#unread.values()].reduce((sum, { dataBytes }) => sum + dataBytes, 0);
    const why =
      this.#known === null
        ? this.#why
        : samples.some(({ missed }) => missed !== null)
          ? "the sample found a write that the record lacks"
          : samples.length < this.#results.length
            ? "the destination does not have what the last pass of copy --live left there"
            : "the kernel's record of writes since the last pass of copy --live";
    return {
      kind: unreadBytes > 0 ? "traced" : "all",
      why,
      readBytes: this.#results.reduce((sum, { readBytes }) => sum + readBytes, 0),
      unreadBytes,
      samples: samples.reduce((sum, { pieces }) => sum + pieces, 0),
      sampledBytes: samples.reduce((sum, { bytes }) => sum + bytes, 0),
      differing: [],
    };
  }

  /** Reads all that was not read, from the disks themselves, and compares it with what the images have. */
  async compareRest(
    disks: readonly SourceDisk[],
    { signal, emit }: { readonly signal: AbortSignal; readonly emit: Emit },
  ): Promise<Compared> {
    const before = this.verdict();
    if (before.kind !== "traced") return before;
    const differing: Compared["differing"][number][] = [];
    for (const { number, path } of disks) {
      const log = this.#unread.get(number);
      if (log === undefined) continue;
      await using file = await openDirect(path);
      let doneBytes = 0;
      const onBytes = (bytes: number): void => {
        doneBytes += bytes;
        emit({
          type: "progress",
          phase: "verify",
          disk: path,
          doneBytes,
          totalBytes: log.dataBytes,
          sentBytes: 0,
        });
      };
      const found = await findDifferences(file, log, { signal, onBytes });
      for (const range of normalizeRanges(found)) differing.push({ disk: number, ...range });
    }
    if (differing.length === 0) return { ...before, kind: "full" };
    const shown = differing.slice(0, 5).map(({ disk, start, end }) => `${start}-${end} of disk ${disk}`);
    const bytes = differing.reduce((sum, { start, end }) => sum + end - start, 0);
    emit({
      type: "problem",
      problem: makeProblem("writes-missed", {
        about: [],
        text: `THE VM IS NOT THE SERVER'S COPY: ${formatBytes(bytes)} differ, though the kernel's record names no write there (${shown.join(", ")}${differing.length > 5 ? " and more" : ""})`,
        advice:
          "Stop the VM, and migrate again without --trust-writes and with --update: what the VM wrote meanwhile is lost then",
      }),
    });
    return { ...before, kind: "differs", differing: differing.slice(0, MAX_DIFFERING) };
  }
}
