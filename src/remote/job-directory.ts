// SPDX-License-Identifier: Apache-2.0
// Where a job is found again on the server: a directory of this user alone, always the same one, in memory where there is /run.
import { chmod, lstat, mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../core/index.ts";
import { isErrno } from "../system/index.ts";

/** /run/user/UID is not among them: it goes away with the login. */
const USUAL: readonly string[] = ["/run", "/var/run", "/dev/shm", "/tmp", "/var/tmp"];
/** In place of all of them. */
const NAMED = process.env["P2V_JOBS"] ?? "";
const PARENTS = NAMED === "" ? USUAL : [NAMED];

const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

/** The first that is ours alone, or can be made so. UserError where there is none. */
export async function openJobDirectory(parents: readonly string[] = PARENTS): Promise<string> {
  const user = process.getuid?.() ?? 0;
  for (const parent of parents) {
    const base = await realpath(parent).catch(() => null);
    if (base === null || !(await isSafeParent(base, user))) continue;
    const path = join(base, `virt-p2v-remote-${user}`);
    try {
      await mkdir(path, { mode: 0o700 });
      await chmod(path, 0o700);
    } catch (error) {
      if (!isErrno(error, "EEXIST", "EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOENT", "ENOTDIR"))
        throw error;
    }
    if (await isOursAlone(path, user)) return path;
  }
  throw new UserError("remote-no-place", `No directory for a job can be made in ${parents.join(", ")}`, {
    advice: "One of them must be writable there; what lies there as virt-p2v-remote-UID must be yours alone",
  });
}

/** Whoever else may write there cannot take away what is ours. */
async function isSafeParent(path: string, user: number): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  if (found?.isDirectory() !== true || (found.uid !== 0 && found.uid !== user)) return false;
  return (found.mode & WRITABLE_BY_OTHERS) === 0 || (found.mode & STICKY) !== 0;
}

async function isOursAlone(path: string, user: number): Promise<boolean> {
  const found = await lstat(path).catch(() => null); // not what a link leads to
  return found?.isDirectory() === true && found.uid === user && (found.mode & 0o077) === 0;
}

/** One for all jobs of this user, one after the other. */
export const commonFiles = (directory: string): Readonly<Record<"lock" | "state", string>> => ({
  /** Held while a terminal looks for a job or starts one, and while a job takes its state away. */
  lock: join(directory, "lock"),
  /** The job that runs; left behind by one that was killed. */
  state: join(directory, "job.json"),
});

/** Of one job, in names of its own: what an old one takes away late is never a new one's. */
export const jobFiles = (
  directory: string,
  id: string,
): Readonly<Record<"socket" | "agent" | "terminal" | "log", string>> => ({
  /** Where its keeper listens. */
  socket: join(directory, `${id}.socket`),
  /** A link to the agent that was forwarded last: the job's SSH_AUTH_SOCK. */
  agent: join(directory, `${id}.agent`),
  /** The path of its terminal. */
  terminal: join(directory, `${id}.tty`),
  /** What its keeper said. */
  log: join(directory, `${id}.log`),
});
