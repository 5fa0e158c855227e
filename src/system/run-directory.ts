// SPDX-License-Identifier: Apache-2.0
// Private directories of one run, named p2v-KIND-..., that tell by an owner file whether the run still lives.
import { mkdtemp, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../core/index.ts";
import { isErrno, readBounded } from "./files.ts";
import { isBelow, readMountTable } from "./devices/mount-table.ts";

export const RUN_PREFIX = "p2v-";
const OWNER_FILE = "owner";

export interface RunDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Which process made it. A pid alone may come back; its start time, boot and pid namespace make it unique. */
type Owner = {
  readonly pid: number;
  readonly started: string;
  readonly boot: string;
  readonly pidns: string;
};

/**
 * Makes `PARENT/p2v-KIND-XXXXXX`, mode 0700. Disposing removes it with its files, on this file system only: what is
 * still mounted below it makes the removal fail instead of emptying a guest.
 */
export async function makeRunDirectory(
  kind: string,
  { parent = tmpdir() }: { parent?: string } = {},
): Promise<RunDirectory> {
  const path = await makeOwned(kind, parent);
  let there = true;
  return {
    path,
    async [Symbol.asyncDispose]() {
      if (!there) return;
      there = false;
      await removeRunDirectory(path);
    },
  };
}

async function makeOwned(kind: string, parent: string): Promise<string> {
  const owner = JSON.stringify(await thisProcess());
  let path: string | null = null;
  try {
    path = await mkdtemp(join(parent, `${RUN_PREFIX}${kind}-`));
    await writeFile(join(path, OWNER_FILE), owner, { mode: 0o600 });
    return path;
  } catch (error) {
    if (path !== null) await rm(path, { recursive: true, force: true });
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT")) throw error;
    throw new UserError(
      "temporary-wrong",
      `Cannot make a directory for this run in ${parent}: ${error.code}`,
      {
        advice: "Set TMPDIR to a directory that can be written and has space",
        cause: error,
      },
    );
  }
}

/** Removes a run's directory. Refused while anything is mounted below it. */
export async function removeRunDirectory(path: string): Promise<void> {
  const mounted = (await readMountTable()).find((entry) => isBelow(entry.path, path));
  if (mounted !== undefined) throw new Error(`${path} is not removed: ${mounted.path} is still mounted`);
  await rm(path, { recursive: true, force: true });
}

/** Does the run that made this directory live? null: no directory of ours, leave it alone. */
export async function ownerLives(directory: string): Promise<boolean | null> {
  const text = await readBounded(join(directory, OWNER_FILE), { maxBytes: 4096 });
  if (text === null) return null;
  const owner = parseOwner(text.toString("utf8"));
  if (owner === null) return null;
  const here = await thisProcess();
  if (owner.boot !== here.boot) return false;
  if (owner.pidns !== here.pidns) return true; // its processes cannot be seen from here
  return (await startTime(owner.pid)) === owner.started;
}

function parseOwner(text: string): Owner | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null; // written halfway
  }
  if (typeof value !== "object" || value === null) return null;
  const { pid, started, boot, pidns } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(pid) || typeof started !== "string") return null;
  if (typeof boot !== "string" || typeof pidns !== "string") return null;
  return { pid: pid as number, started, boot, pidns };
}

async function thisProcess(): Promise<Owner> {
  const [started, boot, pidns] = await Promise.all([
    startTime(process.pid),
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    readlink("/proc/self/ns/pid"),
  ]);
  return { pid: process.pid, started: started ?? "", boot: boot.trim(), pidns };
}

/** Clock ticks after boot at which a process began, or null where there is none; proc(5), field 22 of stat. */
async function startTime(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null; // the name may hold blanks and brackets
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH")) return null;
    throw error;
  }
}
