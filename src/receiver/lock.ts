// SPDX-License-Identifier: Apache-2.0
// One job at a time per directory: a lock file that names its holder, so that one of a dead process is recognized.
import { z } from "zod";
import { ReceiverProblem } from "./problem.ts";
import type { LockPlace, Store } from "./store.ts";

export const LOCK = ".p2v-lock";
export const MAX_LOCK_BYTES = 4096;
/** Others may take it away or make it while we look; not for ever. */
const TRIES = 10;

const HOLDER = z.object({
  job: z.string().max(64),
  pid: z.int().nonnegative(),
  /** Field 22 of /proc/PID/stat: a pid alone may come back. */
  started: z.string().max(32),
  boot: z.string().max(64),
  host: z.string().max(255),
});

export type Holder = Readonly<z.infer<typeof HOLDER>>;

/**
 * The first lane takes the directory for its job; to all others it must be held by it. ReceiverProblem while another living
 * process holds it.
 */
export async function holdDirectory(
  { lock, where }: Pick<Store, "lock" | "where">,
  { job, lane }: { readonly job: string; readonly lane: number },
): Promise<void> {
  if (lane > 0) return await expectLock(lock, { job, where });
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await lock.make(job)) return;
    const content = await lock.read();
    if (content === null) continue; // it was let go meanwhile
    const holder = parseHolder(content);
    if (await isAlive(lock, holder)) throw held(where, holder);
    await lock.takeAway(content);
  }
  throw held(where, null);
}

async function expectLock(lock: LockPlace, { job, where }: { job: string; where: string }): Promise<void> {
  const content = await lock.read();
  if (content !== null && parseHolder(content)?.job === job) return;
  throw new ReceiverProblem("destination-gone", `Job ${job} does not hold ${where}`, {
    advice: "Run the same command again",
  });
}

/** null: a torn one, or none of ours. */
function parseHolder(content: Buffer): Holder | null {
  try {
    return HOLDER.parse(JSON.parse(content.toString("utf8")));
  } catch {
    return null;
  }
}

async function isAlive(lock: LockPlace, holder: Holder | null): Promise<boolean> {
  if (holder === null) return false;
  const there = await lock.look(holder.pid);
  if (holder.host !== there.host) return true; // a shared file system: nothing is known of that machine's processes
  return holder.boot === there.boot && holder.started === there.started;
}

function held(where: string, holder: Holder | null): ReceiverProblem {
  const who = holder === null ? "another job" : `a job of process ${holder.pid} on ${holder.host}`;
  return new ReceiverProblem("destination-busy", `${where} is in use by ${who}`, {
    advice: `Wait for it to end, or stop it. If that machine is gone for good, remove ${where}/${LOCK}`,
  });
}
