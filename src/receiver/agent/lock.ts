// SPDX-License-Identifier: Apache-2.0
// One job at a time per directory: a lock file that names its holder, so that one of a dead process is recognized.
import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isErrno, readBounded } from "../../system/index.ts";
import { ReceiverProblem } from "../problem.ts";

const LOCK = ".p2v-lock";

type Holder = {
  readonly job: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: a pid alone may come back. */
  readonly started: string;
  readonly boot: string;
  readonly host: string;
};

/** Takes the directory for `job`. ReceiverProblem while another living process holds it. */
export async function lockDirectory(directory: string, job: string): Promise<AsyncDisposable> {
  const path = join(directory, LOCK);
  const text = JSON.stringify(await thisProcess(job));
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  await writeFile(aside, text, { flag: "wx", mode: 0o600 });
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        await link(aside, path); // atomic, and fails when there is one
        break;
      } catch (error) {
        if (!isErrno(error, "EEXIST")) throw error;
      }
      const found = await readHolder(path);
      if (found !== null && (tries > 10 || (await isAlive(found.holder))))
        throw held(directory, found.holder);
      if (found !== null) await takeAway(path, found.text);
    }
  } finally {
    await rm(aside, { force: true });
  }
  return {
    async [Symbol.asyncDispose]() {
      const found = await readHolder(path);
      if (found?.text === text) await rm(path, { force: true });
    },
  };
}

/** For a further lane: the directory must be held by its own job. */
export async function expectLock(directory: string, job: string): Promise<void> {
  const found = await readHolder(join(directory, LOCK));
  if (found?.holder?.job === job) return;
  throw new ReceiverProblem("destination-gone", `Job ${job} does not hold ${directory}`, {
    advice: "Run the same command again",
  });
}

async function readHolder(path: string): Promise<{ text: string; holder: Holder | null } | null> {
  const bytes = await readBounded(path, { maxBytes: 4096 });
  if (bytes === null) return null;
  const text = bytes.toString("utf8");
  try {
    const value: unknown = JSON.parse(text);
    return { text, holder: isHolder(value) ? value : null };
  } catch {
    return { text, holder: null };
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return (
    Number.isSafeInteger(fields.get("pid")) &&
    ["job", "started", "boot", "host"].every((name) => typeof fields.get(name) === "string")
  );
}

async function isAlive(holder: Holder | null): Promise<boolean> {
  if (holder === null) return false;
  if (holder.host !== hostname()) return true; // a shared file system: nothing is known of that machine's processes
  if (holder.boot !== (await bootId())) return false;
  return (await startOf(holder.pid)) === holder.started;
}

/** Renames first: if it is not the one that was looked at, another was faster, and it is put back. */
async function takeAway(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== text) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function held(directory: string, holder: Holder | null): ReceiverProblem {
  const who = holder === null ? "another job" : `a job of process ${holder.pid} on ${holder.host}`;
  return new ReceiverProblem("destination-busy", `${directory} is in use by ${who}`, {
    advice: `Wait for it to end, or stop it. If that machine is gone for good, remove ${directory}/${LOCK}`,
  });
}

async function thisProcess(job: string): Promise<Holder> {
  const { pid } = process;
  return { job, pid, started: (await startOf(pid)) ?? "", boot: await bootId(), host: hostname() };
}

async function startOf(pid: number): Promise<string | null> {
  const stat = await readBounded(`/proc/${pid}/stat`, { maxBytes: 4096 });
  if (stat === null) return null;
  const text = stat.toString("utf8");
  // The second field, a program's name in brackets, may hold blanks and brackets: count from its end.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

async function bootId(): Promise<string> {
  return ((await readBounded("/proc/sys/kernel/random/boot_id")) ?? Buffer.alloc(0)).toString("utf8").trim();
}
