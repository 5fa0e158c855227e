// SPDX-License-Identifier: Apache-2.0
// What the rules need of whoever writes: a directory with a lock, and disks of one image and one list of hashes each.
// The agent does it by system calls, a shell of the host by its programs. Nothing here decides what is promised.
import type { Range } from "../core/index.ts";
import type { DataMessage, OpenMessage, ReadBack, Take } from "../wire/index.ts";

/** [first, last) of a disk's cells. */
export type Cells = { readonly first: number; readonly last: number };

export interface Store extends AsyncDisposable {
  /** Its program's, for the welcome. */
  readonly release: string;
  /** The directory, for messages. */
  readonly where: string;
  /** Memory for what the sender sends; default: each payload gets its own. */
  readonly take?: Take;
  readonly lock: LockPlace;
  /** Goes into the directory, once, before anything else. ReceiverProblem where it is absent. */
  enter(): Promise<void>;
  /** ReceiverProblem where the files there, or this store, do not allow it. */
  open(request: OpenMessage): Promise<StoredDisk>;
}

/** The lock file of the directory. Disposing of the store removes it, if it is the one that was made here. */
export interface LockPlace {
  /** Makes the lock, which names this process. False where there is one already. */
  make(job: string): Promise<boolean>;
  /** At most 4 KiB; null: absent. ReceiverProblem where it is not a regular file of that size. */
  read(): Promise<Buffer | null>;
  /** Removes it if this is its content; else leaves it, or puts it back. */
  takeAway(content: Buffer): Promise<void>;
  /** What is known where the lock lies. `started` is null when there is no such process. */
  look(
    pid: number,
  ): Promise<{ readonly host: string; readonly boot: string; readonly started: string | null }>;
}

export interface StoredDisk extends AsyncDisposable {
  readonly image: Image;
  readonly hashes: Hashes;
  /** Made in this job: what was not written reads as zero. */
  readonly fresh: boolean;
  readonly readBack: ReadBack;
  /** All of it is durable, the files' attributes too, and closed. */
  close(): Promise<void>;
}

export interface Image {
  /**
   * Unpacks and writes a cell; not flushed. `clean`: it reads as zero now, so what is zero in it may stay a hole; else
   * old bytes that the content leaves out are made zero. ReceiverProblem with `retry` where it does not unpack to `length`
   * bytes exactly; nothing outside the cell is written in any case. The payload's memory is the image's from now on.
   */
  write(cell: DataMessage, payload: Buffer, options: { readonly clean: boolean }): Promise<void>;
  /** Whole cells read as zero afterwards; not flushed. */
  zero(range: Range): Promise<void>;
  /** SHA-256 (hex) of what is read back, from the device where that can be. */
  hash(range: Range): Promise<string>;
  flush(): Promise<void>;
}

/** The list of 32 bytes for each cell. */
export interface Hashes {
  /** At most MAX_ENTRIES. */
  read(cells: Cells): Promise<Buffer>;
  /** Are all bytes of these entries zero? */
  isEmpty(cells: Cells): Promise<boolean>;
  /** Entries from `first` on; not flushed. */
  write(first: number, entries: Uint8Array): Promise<void>;
  flush(): Promise<void>;
}
