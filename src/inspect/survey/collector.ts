// SPDX-License-Identifier: Apache-2.0
// The script for a running server, as its file beside this one has it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/index.ts";

/** One POSIX shell script. UserError where the program was packed without it. */
export async function readCollector(): Promise<string> {
  try {
    return await readFile(join(import.meta.dirname, "collector.sh"), "utf8");
  } catch (error) {
    throw new UserError("collector-missing", "The collector is not part of this installation", {
      advice: "Run virt-p2v inspect --collector where virt-p2v was cloned or built",
      cause: error,
    });
  }
}
