// SPDX-License-Identifier: Apache-2.0
// What a killed run left behind: its mounts, loop devices, daemons and directories. Living runs are never touched.
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  isBelow,
  isErrno,
  isNoted,
  listMapped,
  type LoopNote,
  LOOPS_FILE,
  ownerLives,
  parseLoopNotes,
  readBounded,
  readLoops,
  readMountTable,
  removeMapped,
  removeRunDirectory,
  run,
  RUN_PREFIX,
  RunError,
} from "../system/index.ts";
import { SET_READ_ONLY_FILE } from "../proof/index.ts";

/** A store may lie in a directory of the run, inside its working directory. */
const MAX_DEPTH = 3;

/**
 * Finds directories of dead runs below `directories` (default: the temporary directory) and takes down everything that
 * stands on them: file systems, loop devices, daemons, FUSE mounts, files, in this order. Returns the directories
 * removed. One that cannot be removed stays, with a mount of it still there, and is tried again at the next start.
 */
export async function cleanLeftovers(
  options: { directories?: readonly string[] } = {},
): Promise<readonly string[]> {
  const dead: string[] = [];
  for (const directory of options.directories ?? [tmpdir()]) dead.push(...(await findDead(directory, 1)));
  if (dead.length === 0) return [];
  const isOurs = (path: string): boolean => dead.some((directory) => isBelow(path, directory));
  const loops = await findDeadLoops(dead, isOurs);
  const mounts = (await readMountTable()).filter((entry) => isOurs(entry.path)).toReversed();
  for (const entry of mounts) if (!isView(entry)) await takeDown(entry.path);
  for (const name of mappedOf(dead, await listMapped())) await removeMapped(name).catch(passRunError);
  for (const loop of loops) await quietly(["losetup", "--detach", loop]);
  await endDaemons(dead);
  for (const entry of mounts) if (isView(entry)) await quietly(["umount", "--lazy", "--", entry.path]);
  await makeWritableAgain(dead);
  const removed: string[] = [];
  for (const directory of dead) {
    try {
      await removeRunDirectory(directory);
      removed.push(directory);
    } catch (error) {
      if (!(error instanceof Error)) throw error; // still mounted, or not ours to remove: the next start tries again
    }
  }
  return removed;
}

const passRunError = (error: unknown): void => {
  if (!(error instanceof RunError)) throw error;
};

/**
 * Devices of dead runs, those on top first: volumes, layers, sealed views, views. They carry their run's name; volumes
 * also their number, and what lies on others (the inside of LUKS, a mirror) was made after them.
 */
export function mappedOf(dead: readonly string[], names: readonly string[]): readonly string[] {
  const order = ["p2v-volumes-", "-layer-", "-sealed", "-view"];
  const rank = (name: string): number => order.findIndex((part) => name.includes(part));
  const numberOf = (name: string): number =>
    Number(/^p2v-volumes-\w+-(?:[a-z]+-)?(\d+)/.exec(name)?.[1] ?? 0);
  const isMirror = (name: string): number => (name.includes("-mirror-") ? 1 : 0);
  return names
    .filter((name) => dead.some((directory) => name.startsWith(`${basename(directory)}-`)))
    .toSorted(
      (a, b) =>
        rank(a) - rank(b) || (rank(a) === 0 ? numberOf(b) - numberOf(a) : 0) || isMirror(b) - isMirror(a),
    );
}

const isView = (entry: { readonly type: string }): boolean => entry.type.startsWith("fuse");

async function findDead(directory: string, depth: number): Promise<string[]> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, "ENOENT", "EACCES", "ENOTDIR", "ENOTCONN")) return [];
    throw error;
  }
  const dead: string[] = [];
  for (const entry of entries) {
    const isCandidate = entry.isDirectory() && (depth > 1 || entry.name.startsWith(RUN_PREFIX));
    if (!isCandidate) continue;
    const path = join(directory, entry.name);
    const lives = await ownerLives(path);
    if (lives === false) dead.push(path);
    // A directory with no owner may hold stores of a dead run; one of a living run may not.
    else if (lives === null && depth < MAX_DEPTH) dead.push(...(await findDead(path, depth + 1)));
  }
  return dead;
}

/** Above views of dead runs, or noted in their directories and still as noted (numbers are used again). */
async function findDeadLoops(dead: readonly string[], isOurs: (path: string) => boolean): Promise<string[]> {
  const notes: LoopNote[] = [];
  for (const directory of dead) {
    const text = await readBounded(join(directory, LOOPS_FILE));
    if (text !== null) notes.push(...parseLoopNotes(text.toString("utf8")));
  }
  const loops = await readLoops();
  return loops
    .filter((loop) => isOurs(loop.backingFile) || notes.some((note) => isNoted(loop, note)))
    .map((loop) => loop.path);
}

/** The proof of a dead run had set its source disks read-only. */
async function makeWritableAgain(dead: readonly string[]): Promise<void> {
  for (const directory of dead) {
    const text = await readBounded(join(directory, SET_READ_ONLY_FILE));
    for (const path of text?.toString("utf8").split("\n") ?? [])
      if (path.startsWith("/dev/")) await quietly(["blockdev", "--setrw", path]);
  }
}

/** They die with their run; one that was stopped in a debugger, or whose death is under way, is helped along. */
async function endDaemons(dead: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 40; tries += 1) {
    const pids = await findDaemons(dead);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, tries === 0 ? "SIGTERM" : tries === 20 ? "SIGKILL" : 0);
      } catch (error) {
        if (!isErrno(error, "ESRCH")) throw error;
      }
    }
    await sleep(100);
  }
}

async function findDaemons(dead: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (argv[0]?.endsWith("qemu-storage-daemon") !== true) continue;
    if (dead.some((directory) => argv.some((word) => word.includes(`${directory}/`))))
      found.push(Number(pid));
  }
  return found;
}

/** A program of the guest may still run in there; then the name goes now, and the rest when that program ends. */
async function takeDown(path: string): Promise<void> {
  if (!(await quietly(["umount", "--", path]))) await quietly(["umount", "--lazy", "--", path]);
}

async function quietly(argv: readonly string[]): Promise<boolean> {
  try {
    await run(argv, { timeoutMs: 60_000 });
    return true;
  } catch (error) {
    if (error instanceof RunError) return false;
    throw error;
  }
}
