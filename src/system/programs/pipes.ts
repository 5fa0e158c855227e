// SPDX-License-Identifier: Apache-2.0
// A program with its three streams in our hands, for as long as whoever started it wants: ssh, a shell, an agent.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { programEnvironment } from "./run.ts";

export type PipedProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** In a session of its own: Ctrl-C is ours to handle, and ends what runs there in order. */
export function startPiped(argv: readonly string[]): PipedProcess {
  const [program = "", ...args] = argv;
  return spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env: programEnvironment(), detached: true });
}
