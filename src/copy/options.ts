// SPDX-License-Identifier: Apache-2.0
// What a copy is asked for, and what it tells: the words that this room and its callers share.
import type { Emit, ExtentMap, Host, ImageFormat, Range, Receiver } from "../core/index.ts";
import type { ReadBack } from "../wire/index.ts";
import type { Compress } from "./compression.ts";

export type DiskToCopy = {
  readonly number: number;
  /** Name of the finished image: `web-1.img`. While it is written it is `web-1.img.partial`. */
  readonly file: string;
  readonly format: ImageFormat;
  /** A block device of the host that takes it instead of the file. */
  readonly volume?: string | undefined;
  readonly sizeBytes: number;
  /** `data` is sent; all else reads as zero on the destination. */
  readonly map: ExtentMap;
  readonly read: {
    readonly sourcePath: string;
    /** Where the touched ranges are read; the same as `sourcePath` when there is no view. */
    readonly viewPath: string;
    /** Normal (sorted, joined). */
    readonly touched: readonly Range[];
    /** Past the page cache: of a disk in use it holds what was there when it was read first. Absent: as usual. */
    readonly direct?: boolean;
  };
  /** What an earlier copy brought and what changed since; cells without a change are not read. Absent: all are. */
  readonly known?: KnownCells | undefined;
};

export type KnownCells = {
  /** What the destination's hashes came to after that copy. If they come to anything else now, all is read. */
  readonly rootSha256: string;
  /** Normal. Bytes that may be others, or may be used where they were not, and the reverse. */
  readonly changed: readonly Range[];
  /** Compare a sample of the rest first; if one piece differs, all is read. */
  readonly isSampled: boolean;
};

export type CopiedSegment = {
  /** Number of the disk. */
  readonly disk: number;
  readonly start: number;
  readonly end: number;
  /** Raw, of the cell as the destination has it: bytes that are not data are zero in it. */
  readonly sha256: Uint8Array;
  /** The ranges of it that were read. */
  readonly data: readonly Range[];
  /** No byte of it came from the view, and all of it could be read. */
  readonly pure: boolean;
};

/** `missed`: the first piece that is not at the destination as it is here; null: all are. */
export type Sample = { readonly pieces: number; readonly bytes: number; readonly missed: Range | null };

export type CopyResult = {
  readonly number: number;
  readonly file: string;
  readonly sizeBytes: number;
  readonly segmentBytes: number;
  readonly usedBytes: number;
  /** On the wire, this time. */
  readonly sentBytes: number;
  readonly cells: number;
  /** Cells with data that were durable from an earlier run and still right. */
  readonly cellsKept: number;
  /** Of the disk or the view above it; less than `usedBytes` where cells were known. */
  readonly readBytes: number;
  /** Of the cells that were not read; null: there was none, or the destination had something else. */
  readonly sample: Sample | null;
  /** SHA-256 over the cells' SHA-256, as in manifest.json. */
  readonly rootSha256: string;
  readonly readBack: ReadBack;
  readonly receiver: Receiver["kind"];
  /** What could not be read, and is zero in the image; sorted. Empty without `skipBadSectors`. */
  readonly bad: readonly Range[];
};

export type CopyOptions = {
  readonly host: Host;
  /** Exists on the host; the images are made in it. */
  readonly directory: string;
  readonly disks: readonly DiskToCopy[];
  /** `resume` (default) goes on with `.partial` files that are there; `replace` begins anew. */
  readonly mode?: "resume" | "replace";
  /** Default: by the disk's size. */
  readonly segmentBytes?: number;
  /** Connections at one time. Default 2. */
  readonly lanes?: number;
  /** Default `auto`: by what is the bottleneck. */
  readonly compress?: Compress;
  /** On the wire, all lanes together; null (default): no limit. */
  readonly limitBytesPerSecond?: number | null;
  /** So long it tries to connect again, without progress, when the link or the host fails. Default 0: not at all. */
  readonly retryForMs?: number;
  /** Milliseconds before try 1, 2 ... of a row without progress. Default: growing, from 1 s to 30 s. */
  readonly pauseMs?: (tries: number) => number;
  /** What the disk cannot read becomes zero; default: it ends the copy. Up to 256 MiB and 10,000 places of a disk. */
  readonly skipBadSectors?: boolean;
  /** `auto` (default): the agent, or the host's shell where that cannot run. */
  readonly receiver?: "auto" | "agent" | "shell";
  /** Release of this program, for messages. */
  readonly release?: string;
  /** Told of every cell with data once, in no order, before it is sent. */
  readonly onSegment?: (segment: CopiedSegment) => void;
  /** Told of every cell with data that was known and not read, once, in no order; the hash is the destination's. */
  readonly onUnread?: (segment: Omit<CopiedSegment, "pure">) => void;
  readonly emit: Emit;
  readonly signal: AbortSignal;
};
