// SPDX-License-Identifier: Apache-2.0
// A stick labelled P2V, with answers or keys for this night: mounted read-only, and left so, since answers may name its keys.
import { mkdir, readlink } from "node:fs/promises";
import { lastWords, UserError } from "../../../core/index.ts";
import { readBounded, run, RunError } from "../../../system/index.ts";

const DEVICE = "/dev/disk/by-label/P2V";
const DIRECTORY = "/run/p2v/stick";
/** Anything else is not a stick that somebody wrote answers to; a journal is not replayed. */
const OPTIONS: Readonly<Record<string, string>> = {
  vfat: "ro,nodev,nosuid,noexec,umask=077",
  iso9660: "ro,nodev,nosuid,noexec",
  ext4: "ro,nodev,nosuid,noexec,noload",
};

/** Where it is mounted; null: there is none. UserError `source` when there is one that cannot be read. */
export async function findStick(signal: AbortSignal): Promise<string | null> {
  if ((await readlink(DEVICE).catch(() => null)) === null) return null;
  const mounts = (await readBounded("/proc/self/mounts"))?.toString("utf8") ?? "";
  if (mounts.includes(` ${DIRECTORY} `)) return DIRECTORY;
  const { stdout } = await run(["blkid", "-p", "-s", "TYPE", "-o", "value", DEVICE], {
    signal,
    allowCodes: [2],
  });
  const type = stdout.trim() === "ext2" || stdout.trim() === "ext3" ? "ext4" : stdout.trim();
  const options = OPTIONS[type];
  if (options === undefined) throw unreadable(`its file system is ${type === "" ? "unknown" : type}`);
  await mkdir(DIRECTORY, { recursive: true });
  try {
    await run(["mount", "-t", type, "-o", options, DEVICE, DIRECTORY], { signal });
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    throw unreadable(lastWords(error.stderr));
  }
  return DIRECTORY;
}

function unreadable(why: string): UserError {
  return new UserError("stick-unreadable", `The stick labelled P2V cannot be read: ${why}`, {
    advice: "Format it with FAT or ext4, or take it out",
  });
}
