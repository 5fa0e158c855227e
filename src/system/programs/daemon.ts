// SPDX-License-Identifier: Apache-2.0
// Programs that run beside us for a while. They die with us, also when we are killed, and not of the terminal's Ctrl-C.
import { type ChildProcess, spawn } from "node:child_process";
import { quoteArgv } from "./quote.ts";
import { programEnvironment, run } from "./run.ts";
import { traceChild } from "../trace/trace.ts";

const STDERR_TAIL_BYTES = 4096;

export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  /** Aborted as soon as the program has ended, for whatever reason. */
  readonly ended: AbortSignal;
  /** The last 4 KiB it said on stderr. */
  lastWords(): string;
  /** SIGTERM, SIGKILL after `graceMs`; resolves when it is gone. True when it ended by itself, with code 0. */
  stop(options?: { graceMs?: number }): Promise<boolean>;
}

/**
 * Starts a program in a session of its own: Ctrl-C in the terminal must not kill what our mounts stand on before we have
 * taken them down. `setpriv` (util-linux) arranges for SIGTERM when this process dies. Start it from the main thread:
 * the kernel counts the death of the starting thread.
 */
export async function startDaemon(argv: readonly string[]): Promise<Daemon> {
  const [program = ""] = argv;
  await run([program, "--version"], { timeoutMs: 20_000 }); // says by its UserError when it is not installed
  const words = ["--pdeathsig", "TERM", "--", ...argv];
  const child = spawn("setpriv", words, {
    stdio: ["ignore", "ignore", "pipe"],
    env: programEnvironment(),
    detached: true,
  });
  traceChild(child, { argv: ["setpriv", ...words] }, { long: true });
  const ended = new AbortController();
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL_BYTES);
  });
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => {
      ended.abort(new Error(`${quoteArgv(argv.slice(0, 1))} has ended: ${tail.trim()}`));
      resolve();
    });
    child.once("error", (error) => {
      tail += error.message;
      ended.abort(error);
      resolve();
    });
  });
  const stop = ({ graceMs = 30_000 }: { graceMs?: number } = {}): Promise<boolean> =>
    stopChild(child, gone, graceMs);
  return {
    pid: child.pid ?? -1,
    ended: ended.signal,
    lastWords: () => tail.trim(),
    stop,
    async [Symbol.asyncDispose]() {
      await stop({ graceMs: 5000 });
    },
  };
}

async function stopChild(child: ChildProcess, gone: Promise<void>, graceMs: number): Promise<boolean> {
  if (child.pid === undefined) return false;
  child.kill("SIGTERM"); // harmless when it is gone
  const hard = setTimeout(() => child.kill("SIGKILL"), graceMs);
  try {
    await gone;
  } finally {
    clearTimeout(hard);
  }
  return child.exitCode === 0;
}
