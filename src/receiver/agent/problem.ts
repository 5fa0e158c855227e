// SPDX-License-Identifier: Apache-2.0
// What the agent tells the sender when something cannot be done, in words for the person there.
import type { Problem } from "../../core/index.ts";
import { isErrno } from "../../system/index.ts";
import { ProtocolError } from "../../wire/index.ts";

/** An error whose words are for the person at the sender; `retry`: the same cell may be sent again. */
export class AgentProblem extends Error {
  override readonly name = "AgentProblem";
  readonly problem: Problem;
  readonly retry: boolean;

  constructor(
    code: string,
    text: string,
    { advice, retry = false, cause }: { advice: string; retry?: boolean; cause?: unknown },
  ) {
    super(text, cause === undefined ? {} : { cause });
    this.problem = { code, text, advice, severity: "stops" };
    this.retry = retry;
  }
}

/** Any error as a problem. Codes that begin with `destination-` are the destination's fault, the others the host's. */
export function problemOf(error: unknown, where: string): { problem: Problem; retry: boolean } {
  if (error instanceof AgentProblem) return { problem: error.problem, retry: error.retry };
  const { code, text, advice } = describe(error, where);
  return { problem: { code, text: text.slice(0, 2000), advice, severity: "stops" }, retry: false };
}

function describe(error: unknown, where: string): { code: string; text: string; advice: string } {
  const again = "then run the same command again: it goes on where it stopped";
  if (isErrno(error, "ENOSPC", "EDQUOT"))
    return {
      code: "destination-full",
      text: isErrno(error, "EDQUOT") ? `The quota is used up in ${where}` : `No space is left in ${where}`,
      advice: `Free space there, ${again}`,
    };
  if (isErrno(error, "EFBIG"))
    return {
      code: "destination-file-limit",
      text: `The file system of ${where} cannot hold a file this large`,
      advice: "Choose a destination on ext4, XFS or another file system for large files",
    };
  if (isErrno(error, "EACCES", "EPERM", "EROFS"))
    return {
      code: "destination-read-only",
      text: `${where} cannot be written: ${message(error)}`,
      advice: `Give the user write permission there, ${again}`,
    };
  if (isErrno(error, "EIO"))
    return {
      code: "destination-broken",
      text: `The destination's disk fails in ${where}: ${message(error)}`,
      advice: "Look at the host's kernel log, and choose another destination",
    };
  // What FUSE says of a file whose daemon is gone, before and during a request.
  if (isErrno(error, "ENOTCONN", "ECONNABORTED"))
    return {
      code: "export-lost",
      text: `The image in ${where} is not served any more: the agent that served it ended`,
      advice: "Run the same command again: it goes on where it stopped",
    };
  if (error instanceof ProtocolError)
    return { code: "protocol", text: error.message, advice: "Use the same release of virt-p2v at both ends" };
  return {
    code: "agent-failed",
    text: `The agent failed in ${where}: ${message(error)}`,
    advice: "Report this as a bug",
  };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
