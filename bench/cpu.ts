// SPDX-License-Identifier: Apache-2.0
// CPU seconds of both ends of a transfer: of this process, of the ssh server, and of all their children.
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";

export interface CpuMeter extends AsyncDisposable {
  readonly how: "cgroup v2" | "cgroup v1" | "/proc";
  /** So far; ended children are in it once the server has no session left. */
  seconds(): Promise<number>;
}

/** Linux on x86 and ARM: sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

/** A process and all its children that have ended: proc_pid_stat(5), fields 14 to 17. Pure. */
export function parseStatSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

/** cpu.stat of a cgroup v2 (`usage_usec 123`), or cpuacct.usage of v1 (nanoseconds). Pure. */
export function parseGroupSeconds(text: string): number {
  const usec = /^usage_usec (\d+)$/m.exec(text)?.[1];
  return usec === undefined ? Number(text) / 1e9 : Number(usec) / 1e6;
}

const GROUPS = [
  { how: "cgroup v2", root: "/sys/fs/cgroup", usage: "cpu.stat", line: /^0::(.*)$/m },
  { how: "cgroup v1", root: "/sys/fs/cgroup/cpuacct", usage: "cpuacct.usage", line: /^\d+:cpuacct:(.*)$/m },
] as const;

/** By a cgroup of its own where that may be made (children that nobody waited for count too), else by /proc. */
export async function openCpuMeter(serverPid: number): Promise<CpuMeter> {
  for (const kind of GROUPS) {
    const meter = await openGroup(kind, serverPid).catch(() => null);
    if (meter !== null) return meter;
  }
  return {
    how: "/proc",
    async seconds() {
      await sessionsEnded(serverPid);
      const stats = await Promise.all(
        ["self", serverPid].map((pid) => readFile(`/proc/${pid}/stat`, "utf8")),
      );
      return stats.reduce((sum, stat) => sum + parseStatSeconds(stat), 0);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function openGroup(
  { how, root, usage, line }: (typeof GROUPS)[number],
  serverPid: number,
): Promise<CpuMeter> {
  const before = line.exec(await readFile("/proc/self/cgroup", "utf8"))?.[1];
  if (before === undefined) throw new Error(`${how} is not there`);
  await using opening = new AsyncDisposableStack();
  const group = `${root}/p2v-bench-${process.pid}`;
  await mkdir(group);
  opening.defer(() => removeGroup(group));
  parseGroupSeconds(await readFile(`${group}/${usage}`, "utf8"));
  const move = (pid: number, to: string): Promise<void> => writeFile(`${to}/cgroup.procs`, `${pid}`);
  opening.defer(async () => {
    // All that is in it: esbuild, which made the agent, lives as long as we do.
    const inside = (await readFile(`${group}/cgroup.procs`, "utf8")).split("\n").filter((pid) => pid !== "");
    for (const pid of inside) await move(Number(pid), `${root}${before}`).catch(() => undefined);
  });
  await move(process.pid, group);
  await move(serverPid, group);
  const resources = opening.move();
  return {
    how,
    async seconds() {
      await sessionsEnded(serverPid);
      return parseGroupSeconds(await readFile(`${group}/${usage}`, "utf8"));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The last process of a pipe may take a moment to be gone. */
async function removeGroup(group: string): Promise<void> {
  for (let tries = 1; ; tries += 1)
    try {
      return await rmdir(group);
    } catch (error) {
      if (tries >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

async function sessionsEnded(serverPid: number): Promise<void> {
  const children = `/proc/${serverPid}/task/${serverPid}/children`;
  for (let waitedMs = 0; (await readFile(children, "utf8")).trim() !== ""; waitedMs += 50) {
    if (waitedMs > 10_000) throw new Error("A session of sshd has not ended");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
