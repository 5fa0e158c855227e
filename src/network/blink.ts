// SPDX-License-Identifier: Apache-2.0
// The light of a port blinks, so that a person sees which one it is.
import { lastWords, UserError } from "../core/index.ts";
import { RunError, run } from "../system/index.ts";

/** Ten seconds. UserError where the driver cannot. */
export async function blinkPort(port: string, { signal }: { signal: AbortSignal }): Promise<void> {
  try {
    await run(["ethtool", "--identify", port, "10"], { signal, timeoutMs: 30_000 });
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    throw new UserError("blink-failed", `The light of ${port} cannot blink: ${lastWords(error.stderr)}`, {
      advice: "Pull a cable instead, and see on this page which port loses its link",
      cause: error,
    });
  }
}
