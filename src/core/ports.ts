// SPDX-License-Identifier: Apache-2.0
// The interfaces that rooms give each other; only src/job joins them. What is opened is closed by the scope that
// opened it; closing twice is harmless.
import type { Duplex } from "node:stream";
import type { FileState } from "./change.ts";
import type { SourceDisk } from "./plan.ts";
import type { Range } from "./bytes/range.ts";

/** A disk under a copy-on-write layer. The disk itself is opened read-only, always. */
export interface BlockView extends AsyncDisposable {
  readonly disk: SourceDisk;
  /** Reads and writes as the raw disk: a device (dm-snapshot) or a file (FUSE export). */
  readonly path: string;
  /** Ends all writing. No loop device or mount may be left above `path`. */
  seal(options: { signal: AbortSignal }): Promise<SealedView>;
}

/** The same view, read-only from now on, with what differs from the source. */
export interface SealedView extends AsyncDisposable {
  readonly disk: SourceDisk;
  /** Reads as the whole raw view; slower than the source itself. */
  readonly path: string;
  /** Ranges in which the view may differ from the source; all else can be read from `disk.path`. Normal. */
  readonly touched: readonly Range[];
  /** A further throw-away layer above this one, for the boot probe. */
  layer(options: { signal: AbortSignal }): Promise<BlockLayer>;
}

/** A view above a view, whose store can be sent to a host and laid above the copied image there. */
export interface BlockLayer extends AsyncDisposable {
  readonly path: string;
  /** Ends writing; gives a qcow2 file that holds only what this layer changed, and names no backing file. */
  finish(options: { signal: AbortSignal }): Promise<{ readonly qcow2Path: string }>;
}

/**
 * A guest's files, read-only. Every path is absolute inside the guest; symbolic links are followed inside the
 * guest's root only (as chroot does), at most 40 of them.
 */
export interface GuestView {
  /** The path with all links resolved; null where it does not exist. */
  resolve(path: string): Promise<string | null>;
  /**
   * The file at exactly this path: its last component is not followed. TypeError for a device, fifo or socket; RangeError
   * above 1 GiB.
   */
  state(path: string): Promise<FileState>;
  /** Contents, links followed; null where there is no regular file. RangeError above `maxBytes` (1 MiB). */
  read(path: string, options?: { maxBytes?: number }): Promise<Uint8Array | null>;
  readText(path: string, options?: { maxBytes?: number }): Promise<string | null>;
  /** Names in a directory, sorted; [] where there is none. Throws RangeError above 100,000 entries. */
  list(path: string): Promise<readonly string[]>;
}

/** Bytes by their SHA-256 (hex). Large files lie on disk, not in memory. */
export interface Blobs {
  put(bytes: Uint8Array): Promise<string>;
  /** Takes the content of a file on this computer. */
  putFile(path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }>;
  get(sha256: string): Promise<Uint8Array>;
  /** A path on this computer from which the bytes can be read as a file. */
  path(sha256: string): Promise<string>;
}

/** A program running on a host, with its three streams. */
export interface HostProcess extends AsyncDisposable {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  /** The last 4 KiB of stderr, for errors. */
  stderrTail(): string;
  /** Exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** Where a VM will live. Paths are absolute on the host. Everything goes through a POSIX shell there. */
export interface Host extends AsyncDisposable {
  /** For messages: `this machine`, `root@host:22`. */
  readonly title: string;
  makeDirectory(path: string, options: { mode: number }): Promise<void>;
  kindOf(path: string): Promise<"file" | "directory" | "other" | "absent">;
  list(path: string): Promise<readonly string[]>;
  freeBytes(path: string): Promise<number>;
  /** Bytes a file really occupies. */
  occupiedBytes(path: string): Promise<number>;
  /** Written aside, flushed, renamed. */
  writeFile(path: string, bytes: Uint8Array, options: { mode: number }): Promise<void>;
  readFile(path: string, options: { maxBytes: number }): Promise<Uint8Array | null>;
  rename(from: string, to: string): Promise<void>;
  /** A file or a whole directory; absent is fine. */
  remove(path: string): Promise<void>;
  /** Where `program` is, or null. */
  which(program: string): Promise<string | null>;
  run(
    argv: readonly string[],
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  spawn(argv: readonly string[], options: { signal: AbortSignal }): Promise<HostProcess>;
  /** A connection to an agent that serves below `directory`. Each lane has its own. `receiver`: default `auto`. */
  connectAgent(options: {
    directory: string;
    receiver?: "auto" | Receiver["kind"] | undefined;
    signal: AbortSignal;
  }): Promise<Link>;
}

/** Who receives a copy: the agent; or a shell of the host, where it cannot run (`because`; null: so it was wanted). */
export type Receiver =
  | { readonly kind: "agent" }
  | { readonly kind: "shell"; readonly because: string | null };

/** A byte stream to an agent. It may be cut at any byte. */
export interface Link extends AsyncDisposable {
  /** Absent: the agent. */
  readonly receiver?: Receiver;
  readonly stream: Duplex;
  /** Why it ended, in the words of ssh or the agent; for errors. */
  lastWords(): string;
}
