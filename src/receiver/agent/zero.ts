// SPDX-License-Identifier: Apache-2.0
// Makes ranges of a file read as zero where old bytes may be: as holes if the system can, else with written zeros.
import type { FileHandle } from "node:fs/promises";
import { type Range, UserError } from "../../core/index.ts";
import { RunError, run } from "../../system/index.ts";
import { nonZeroRuns, readFully, writeFully } from "./io.ts";

const STEP_BYTES = 2 ** 20;
/** Shorter ranges are looked at instead: a hole is read faster than a program is started. */
const WORTH_A_PROGRAM_BYTES = 32 * 2 ** 20;
const ZEROS = Buffer.alloc(STEP_BYTES);

export async function writeZeros(file: FileHandle, { start, end }: Range): Promise<void> {
  for (let at = start; at < end; at += STEP_BYTES)
    await writeFully(file, ZEROS.subarray(0, Math.min(STEP_BYTES, end - at)), at);
}

/** Punches a hole; where the file system or the host cannot, zeros are written over what is not zero. */
export async function punch(file: FileHandle, range: Range): Promise<void> {
  const length = range.end - range.start;
  if (length >= WORTH_A_PROGRAM_BYTES && (await punched(file, range.start, length))) return;
  const old = Buffer.allocUnsafeSlow(Math.min(STEP_BYTES, length));
  for (let at = range.start; at < range.end; at += STEP_BYTES) {
    const bytes = old.subarray(0, Math.min(STEP_BYTES, range.end - at));
    await readFully(file, bytes, at);
    for (const run of nonZeroRuns(bytes))
      await writeZeros(file, { start: at + run.start, end: at + run.end });
  }
}

/** Node cannot punch holes itself; fallocate is in util-linux and busybox. */
async function punched(file: FileHandle, offset: number, length: number): Promise<boolean> {
  const path = `/proc/${process.pid}/fd/${file.fd}`;
  try {
    await run(["fallocate", "-p", "-o", `${offset}`, "-l", `${length}`, path], { timeoutMs: 600_000 });
    return true;
  } catch (error) {
    if (error instanceof RunError || (error instanceof UserError && error.code === "program-missing"))
      return false;
    throw error;
  }
}
