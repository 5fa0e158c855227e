// SPDX-License-Identifier: Apache-2.0
// How far a job's output was shown here when its connection broke: one small file of this user's. The server knows it nearly; this
// is exact.
import { mkdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { isErrno, readBounded, replaceFile } from "../system/index.ts";

const schema = z.object({ job: z.string().max(100), position: z.int().nonnegative() });
export type LastShown = z.output<typeof schema>;

function statePath(): string {
  const xdg = process.env["XDG_STATE_HOME"] ?? "";
  return join(xdg.startsWith("/") ? xdg : join(homedir(), ".local/state"), "virt-p2v", "remote.json");
}

export async function readLastShown(): Promise<LastShown | null> {
  const text = (await readBounded(statePath(), { maxBytes: 4096 }).catch(() => null))?.toString("utf8");
  if (text === undefined) return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** null: there is nothing to go on with. Where nothing can be kept, the server's word counts. */
export async function keepLastShown(shown: LastShown | null): Promise<void> {
  const path = statePath();
  try {
    if (shown === null) return await rm(path, { force: true });
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    await replaceFile(path, JSON.stringify(shown));
  } catch (error) {
    if (!isErrno(error, "EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "ENOSPC", "EDQUOT", "EIO"))
      throw error;
  }
}
