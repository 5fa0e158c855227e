// SPDX-License-Identifier: Apache-2.0
// Wall time and CPU seconds of both ends of one transfer, and the median of several.
import { readFile } from "node:fs/promises";

export type Sample = {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly sentBytes: number | null;
  readonly occupiedBytes: number;
};

/** Linux on x86 and ARM: sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

/** CPU seconds of a process and of all its children that have ended: proc_pid_stat(5), fields 14 to 17. Pure. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

/** Of this process (the sender and its programs) and of sshd (the receiver), once its sessions have ended. */
export async function cpuSeconds(sshdPid: number): Promise<number> {
  const children = `/proc/${sshdPid}/task/${sshdPid}/children`;
  for (let waitedMs = 0; (await readFile(children, "utf8")).trim() !== ""; waitedMs += 50) {
    if (waitedMs > 10_000) throw new Error("A session of sshd has not ended");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stats = await Promise.all(["self", sshdPid].map((pid) => readFile(`/proc/${pid}/stat`, "utf8")));
  return stats.reduce((sum, stat) => sum + parseCpuSeconds(stat), 0);
}

/** The middle one; of an even number, the mean of the two in the middle. NaN of none. Pure. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
