// SPDX-License-Identifier: Apache-2.0
// The file of a trace: for its owner only, each line written at once, bounded, and never anything else overwritten.
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { UserError } from "../../core/index.ts";
import { isErrno } from "../files.ts";
import { TRACE_HEAD, TRACE_LEGEND } from "./line.ts";

const MAX_BYTES = 16 * 2 ** 20;
/** What is kept for the programs that fail, once the file is full: they are what somebody looks for. */
const RESERVE_BYTES = 2 ** 20;

export class TraceFile {
  readonly path: string;
  readonly #fd: number;
  readonly #maxBytes: number;
  #size: number;
  #cut: "not" | "all-but-failures" | "all" | "closed" = "not";
  #trouble: string | null = null;

  /** UserError (usage) where `path` is anything else than absent or a trace of this user's. */
  constructor(path: string, { maxBytes = MAX_BYTES }: { maxBytes?: number } = {}) {
    const { fd, size } = openTrace(path);
    this.path = path;
    this.#fd = fd;
    this.#size = size;
    this.#maxBytes = maxBytes;
    if (size === 0) this.write(`${TRACE_HEAD}${TRACE_LEGEND}`, { failed: false });
  }

  /** Why lines are missing, other than that there are too many; null: none are. */
  get trouble(): string | null {
    return this.#trouble;
  }

  write(line: string, { failed }: { failed: boolean }): void {
    const bytes = Buffer.from(line);
    const room = this.#maxBytes - (failed ? 0 : RESERVE_BYTES);
    if (this.#cut !== "not" && !(this.#cut === "all-but-failures" && failed)) return;
    if (this.#size + bytes.length <= room) return this.#append(bytes);
    this.#cut = failed ? "all" : "all-but-failures";
    const rest = failed ? "nothing more is recorded" : "from here on only programs that fail are recorded";
    this.#append(Buffer.from(`# cut: more than ${room} bytes; ${rest}\n`));
  }

  /** What is written after it is left out: a program may end later. */
  close(): void {
    if (this.#cut === "closed") return;
    this.#cut = "closed";
    closeSync(this.#fd);
  }

  /** A full disk must not stop a migration. */
  #append(bytes: Buffer): void {
    try {
      writeSync(this.#fd, bytes);
      this.#size += bytes.length;
    } catch (error) {
      if (!isErrno(error, "ENOSPC", "EDQUOT", "EIO", "EROFS", "EFBIG")) throw error;
      this.#cut = "all";
      this.#trouble = error.code ?? error.message;
    }
  }
}

/** A directory such as /tmp belongs to everybody: no link there is followed, and no file there is taken for ours. */
function openTrace(path: string): { fd: number; size: number } {
  const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
  try {
    return { fd: openSync(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600), size: 0 };
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw notOpened(path, error);
  }
  if (!lstatSync(path).isFile()) throw notOurs(path, "is not a regular file"); // a device would act when it is opened
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    throw notOpened(path, error);
  }
  try {
    const { nlink, size, uid } = isTrace(fd, path);
    if (uid !== process.geteuid?.()) throw notOurs(path, "belongs to another user");
    if (nlink !== 1) throw notOurs(path, "has a second name (a hard link)");
    fchmodSync(fd, 0o600);
    return { fd, size };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function isTrace(fd: number, path: string): { nlink: number; size: number; uid: number } {
  const about = fstatSync(fd);
  const head = Buffer.alloc(TRACE_HEAD.length);
  const isOurs =
    about.isFile() &&
    readSync(fd, head, 0, head.length, 0) === head.length &&
    head.equals(Buffer.from(TRACE_HEAD));
  if (!isOurs) throw notOurs(path, "exists and is not a trace");
  return about;
}

const notOurs = (path: string, why: string): UserError =>
  new UserError("trace-not-ours", `${path} ${why}`, {
    advice: "Name a file that is not there, or a trace of your own: more is appended to it",
  });

function notOpened(path: string, cause: unknown): unknown {
  if (
    !isErrno(
      cause,
      "ENOENT",
      "ENOTDIR",
      "EACCES",
      "EPERM",
      "EROFS",
      "ELOOP",
      "EISDIR",
      "ENOSPC",
      "ENAMETOOLONG",
    )
  )
    return cause;
  return new UserError("trace-not-written", `The trace ${path} cannot be written: ${cause.code ?? ""}`, {
    advice: "Name a file in a directory that you may write, such as virt-p2v.trace",
    cause,
  });
}
