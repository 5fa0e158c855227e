// SPDX-License-Identifier: Apache-2.0
// A lock that the kernel lets go as soon as its holder is gone, whatever the reason: flock(1) on a file that stays.
import { spawn } from "node:child_process";
import { programEnvironment } from "./run.ts";
import { traceChild } from "../trace/trace.ts";

/** Waits for the lock, without a limit. Throws the signal's reason when aborted. */
export async function lockFile(path: string, signal: AbortSignal): Promise<AsyncDisposable> {
  signal.throwIfAborted();
  const words = ["--no-fork", path, "sh", "-c", "echo held; exec cat"];
  const child = spawn("flock", words, { stdio: ["pipe", "pipe", "inherit"], env: programEnvironment() });
  traceChild(child, { argv: ["flock", ...words] });
  const closed = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  const onAbort = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", () => reject(signal.reason ?? new Error(`flock ended without the lock ${path}`)));
      child.stdout.once("data", () => resolve());
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin.end(); // cat ends, and the lock with it
      await closed;
    },
  };
}
