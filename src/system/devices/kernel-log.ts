// SPDX-License-Identifier: Apache-2.0
// What the kernel wrote into its log of a device.
import { realpath } from "node:fs/promises";
import { release } from "node:os";
import { basename } from "node:path";
import { UserError } from "../../core/index.ts";
import { run, RunError } from "../programs/run.ts";

const MAX_LINES = 20;

export const kernelRelease = (): string => release();

/** The last lines that name it, oldest first, without their time; [] where nobody may read the log. */
export async function readKernelLog(device: string): Promise<readonly string[]> {
  const name = basename(await realpath(device).catch(() => device));
  try {
    const { stdout } = await run(["dmesg"], { timeoutMs: 20_000 });
    return parseKernelLog(stdout, name);
  } catch (error) {
    if (error instanceof RunError || error instanceof RangeError || error instanceof UserError) return [];
    throw error;
  }
}

/** Pure. `[ 1864.634642] XFS (loop1): Mounting V5 Filesystem`, of one attempt: nothing before the device was last set up. */
export function parseKernelLog(text: string, name: string): readonly string[] {
  const isOf = new RegExp(`[ (/]${name.replaceAll(/[^A-Za-z0-9_-]/g, "\\$&")}[ ):,]`);
  const lines = text.split("\n").flatMap((line) => {
    const words = line.replace(/^(?:<\d+>)?\[[^\]]{0,30}\] ?(?:\[[^\]]{0,12}\] )?/, "");
    return isOf.test(` ${words} `) ? [words.trim().slice(0, 300)] : [];
  });
  const attached = lines.findLastIndex((line) => line.includes("detected capacity change"));
  return lines.slice(attached + 1).slice(-MAX_LINES);
}
