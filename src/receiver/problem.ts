// SPDX-License-Identifier: Apache-2.0
// What a receiver says to the sender when something cannot be done, in words for the person there. Whose fault it is
// stands beside the code in the table (core/problems/receiver.ts).
import { PROBLEMS, type ReceiverCode } from "../core/index.ts";
import { isErrno } from "../system/index.ts";
import { ProtocolError, type ReceiverWords } from "../wire/index.ts";

/** The wire takes 4096. */
const MAX_TEXT = 2000;

/** An error whose words are for the person at the sender; `retry`: the same cell may be sent again. */
export class ReceiverProblem extends Error {
  override readonly name = "ReceiverProblem";
  readonly problem: ReceiverWords;
  readonly retry: boolean;

  constructor(
    code: ReceiverCode,
    text: string,
    { advice, retry = false, cause }: { advice: string; retry?: boolean; cause?: unknown },
  ) {
    super(text, cause === undefined ? {} : { cause });
    this.problem = { code, text: text.slice(0, MAX_TEXT), advice, severity: PROBLEMS[code].severity };
    this.retry = retry;
  }
}

type Trouble = {
  readonly code: ReceiverCode;
  /** As the kernel names it, and as programs print it: glibc's words and musl's. */
  readonly errnos: readonly string[];
  readonly words: RegExp;
  readonly text: (where: string, words: string) => string;
  readonly advice: string;
};

const AGAIN = "then run the same command again: it goes on where it stopped";

const TROUBLES: readonly Trouble[] = [
  {
    code: "destination-full",
    errnos: ["ENOSPC"],
    words: /no space left/i,
    text: (where) => `No space is left in ${where}`,
    advice: `Free space there, ${AGAIN}`,
  },
  {
    code: "destination-full",
    errnos: ["EDQUOT"],
    words: /quota exceeded/i,
    text: (where) => `The quota is used up in ${where}`,
    advice: `Free space there, ${AGAIN}`,
  },
  {
    code: "destination-file-limit",
    errnos: ["EFBIG"],
    words: /file too large/i,
    text: (where) => `The file system of ${where} cannot hold a file this large`,
    advice: "Choose a destination on ext4, XFS or another file system for large files",
  },
  {
    code: "destination-read-only",
    errnos: ["EACCES", "EPERM", "EROFS"],
    words: /permission denied|not permitted|read-only file system/i,
    text: (where, words) => `${where} cannot be written: ${words}`,
    advice: `Give the user write permission there, ${AGAIN}`,
  },
  {
    code: "destination-broken",
    errnos: ["EIO"],
    words: /input\/output error|i\/o error/i,
    text: (where, words) => `The destination's disk fails in ${where}: ${words}`,
    advice: "Look at the host's kernel log, and choose another destination",
  },
  {
    // What FUSE says of a file whose daemon is gone, before and during a request.
    code: "export-lost",
    errnos: ["ENOTCONN", "ECONNABORTED"],
    words: /transport endpoint is not connected|software caused connection abort/i,
    text: (where) => `The image in ${where} is not served any more: the agent that served it ended`,
    advice: "Run the same command again: it goes on where it stopped",
  },
];

/** Any error as a problem. */
export function problemOf(error: unknown, where: string): { problem: ReceiverWords; retry: boolean } {
  const { problem, retry } = error instanceof ReceiverProblem ? error : describe(error, where);
  return { problem, retry };
}

function describe(error: unknown, where: string): ReceiverProblem {
  const message = error instanceof Error ? error.message : String(error);
  const trouble = TROUBLES.find(({ errnos }) => isErrno(error, ...errnos));
  if (trouble !== undefined)
    return new ReceiverProblem(trouble.code, trouble.text(where, message), { advice: trouble.advice });
  if (error instanceof ProtocolError)
    return new ReceiverProblem("protocol", message, {
      advice: "Use the same release of virt-p2v at both ends",
    });
  return new ReceiverProblem("agent-failed", `The receiver failed in ${where}: ${message}`, {
    advice: "Report this as a bug",
  });
}

/** A program that failed, by what it printed. `what` is the act: `Writing`. */
export function failedAct(what: string, words: string, where: string): ReceiverProblem {
  const trouble = TROUBLES.find((known) => known.words.test(words));
  if (trouble !== undefined)
    return new ReceiverProblem(trouble.code, trouble.text(where, words), { advice: trouble.advice });
  return new ReceiverProblem("destination-failed", `${what} failed${words === "" ? "" : `: ${words}`}`, {
    advice: "Look at that file system there",
  });
}

/** The bytes of one cell came out wrong before they were written. */
export function damaged(): ReceiverProblem {
  const advice = "It is sent again";
  return new ReceiverProblem("cell-damaged", "A segment was damaged on its way", { advice, retry: true });
}

export function gone(disk: string): ReceiverProblem {
  return new ReceiverProblem("destination-gone", `The files of ${disk} are gone`, {
    advice: "Nothing else may change the directory while a job runs. Run the same command again",
  });
}

export function notRegular(path: string): ReceiverProblem {
  return new ReceiverProblem("destination-no-file", `${path} is not a regular file`, {
    advice: "Move it away",
  });
}

export function absent(directory: string, cause?: unknown): ReceiverProblem {
  return new ReceiverProblem("destination-absent", `There is no directory ${directory}`, {
    advice: "Create it, and run the same command again",
    cause,
  });
}
