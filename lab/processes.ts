// SPDX-License-Identifier: Apache-2.0
// Ends processes that a test started, with all they started.
import type { ChildProcess } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";

/** Ids of all that descend from `pid`, found in /proc; not `pid` itself. */
export async function descendants(pid: number): Promise<readonly number[]> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const parent = Number(/^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1]);
    if (Number.isInteger(parent)) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  for (const queue = [pid]; queue.length > 0; ) {
    const next = children.get(queue.pop() ?? 0) ?? [];
    found.push(...next);
    queue.push(...next);
  }
  return found;
}

/** Ends a child and all below it, and waits until the child is gone. Twice is harmless. */
export async function endTree(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const below = await descendants(child.pid);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  for (const pid of [child.pid, ...below]) {
    try {
      process.kill(pid, "SIGTERM");
    } catch {
      // it went by itself
    }
  }
  const hard = setTimeout(() => child.kill("SIGKILL"), 3000);
  await gone;
  clearTimeout(hard);
}

/** Ends a wait for what never comes. No machine is so slow, and a test that holds is over long before. */
const PATIENCE_MS = 10 * 60_000;

/** Waits until `ready` says yes; an error with `what` when it never does. */
export async function waitFor(
  what: string,
  ready: () => Promise<boolean> | boolean,
  { signal, everyMs = 20 }: { signal?: AbortSignal; everyMs?: number } = {},
): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; ; ) {
    signal?.throwIfAborted();
    if (await ready()) return;
    if (performance.now() > end) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
