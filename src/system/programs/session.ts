// SPDX-License-Identifier: Apache-2.0
// Programs in a session of their own with the whole environment of ours: a job that a connection leaves behind, and its keeper.
import { spawn } from "node:child_process";
import { constants, openSync, closeSync } from "node:fs";
import type { PipedProcess } from "./pipes.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type SessionOptions = { readonly env: Environment; readonly cwd: string };

/** Its three streams are in our hands; it leads a process group, which a signal reaches by the negative id. */
export function startSession(argv: readonly string[], { env, cwd }: SessionOptions): PipedProcess {
  const [program = "", ...rest] = argv;
  return spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"], env: { ...env }, cwd, detached: true });
}

/** Goes on when we end, whatever ends us. What it says goes to the end of `log`, a file in a directory of ours alone. */
export function startDetached(
  argv: readonly string[],
  { env, cwd, log }: SessionOptions & { readonly log: string },
): Promise<void> {
  const [program = "", ...rest] = argv;
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const file = openSync(log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    const child = spawn(program, rest, {
      stdio: ["ignore", file, file],
      env: { ...env },
      cwd,
      detached: true,
    });
    child.unref();
    return new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
  } finally {
    closeSync(file);
  }
}
