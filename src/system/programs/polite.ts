// SPDX-License-Identifier: Apache-2.0
// On a server that works for others: the CPU and the disks when nobody else wants them.
import { readdir } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { UserError } from "../../core/index.ts";
import { run, RunError } from "./run.ts";

/** ionice(1): only when no other program asks for the disk. */
const IDLE = "3";

/**
 * Of this process and all that it starts from now on. Linux has both by thread, and new threads have them from the one that
 * makes them. A disk scheduler without classes takes no notice of the second.
 */
export async function stepBack(): Promise<void> {
  const threads = await readdir("/proc/self/task");
  for (const thread of threads) setPriority(Number(thread), constants.priority.PRIORITY_LOW);
  try {
    await run(["ionice", "--class", IDLE, "--pid", ...threads], { timeoutMs: 10_000 });
  } catch (error) {
    // It is a courtesy: without the program, or where a container forbids it, the copy goes on.
    if (error instanceof RunError || (error instanceof UserError && error.code === "program-missing")) return;
    throw error;
  }
}
