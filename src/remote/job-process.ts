// SPDX-License-Identifier: Apache-2.0
// The job itself: this program with other words, on a terminal of its own where the person has one.
import { existsSync } from "node:fs";
import { constants, homedir } from "node:os";
import { UserError } from "../core/index.ts";
import {
  isErrno,
  type PipedProcess,
  quoteArgv,
  quoteWord,
  readBounded,
  run,
  RunError,
  startSession,
} from "../system/index.ts";
import { jobFiles } from "./job-directory.ts";
import type { JobRequest, Message } from "./messages.ts";

export type JobProcess = {
  readonly child: PipedProcess;
  readonly hasTerminal: boolean;
  /** Its exit code as a shell counts it, once all it printed was read. */
  readonly ended: Promise<number>;
  resize(size: Message<"resize">): void;
  interrupt(): void;
  terminate(): void;
};

/** Ctrl-C as a terminal gets it. */
const INTERRUPT_KEY = Buffer.of(3);

/** What the job started in turn may hold its output open for longer than that. */
const LAST_WORDS_MS = 2000;

export async function startJob(
  self: readonly string[],
  { id, hello: { words, terminal } }: JobRequest,
  directory: string,
): Promise<JobProcess> {
  const files = jobFiles(directory, id);
  const home = homedir();
  const cwd = existsSync(home) ? home : "/";
  const { SSH_TTY: _, ...kept } = process.env;
  const env = { ...kept, SSH_AUTH_SOCK: files.agent };
  const argv = [...self, ...words];
  const size = terminal !== null && (await hasScript()) ? terminal : null;
  const child =
    size === null
      ? startSession(argv, { env, cwd })
      : startSession(onTerminal(argv, size, files.terminal), { env: terminalEnvironment(env, size), cwd });
  child.stdin.on("error", () => undefined); // it may end without reading all
  const kill = (name: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, name); // not yet waited for, so the number is still its own
    } catch (error) {
      if (!isErrno(error, "ESRCH")) throw error;
    }
  };
  return {
    child,
    hasTerminal: size !== null,
    ended: endOf(child),
    resize: (to) => void setSize(files.terminal, to),
    interrupt: () => {
      if (size === null) kill("SIGINT");
      else child.stdin.write(INTERRUPT_KEY);
    },
    terminate: () => kill("SIGTERM"),
  };
}

/** script(1) of util-linux makes a terminal for a program; that of busybox has other words and no exit code. */
async function hasScript(): Promise<boolean> {
  try {
    return (await run(["script", "--version"], { timeoutMs: 20_000 })).stdout.includes("util-linux");
  } catch (error) {
    if (error instanceof RunError || (error instanceof UserError && error.code === "program-missing"))
      return false;
    throw error;
  }
}

function onTerminal(
  argv: readonly string[],
  { columns, rows }: Message<"resize">,
  terminalFile: string,
): readonly string[] {
  const command = `stty rows ${rows} cols ${columns} 2>/dev/null; tty >${quoteWord(terminalFile)}; exec ${quoteArgv(argv)}`;
  return ["script", "--quiet", "--return", "--flush", "--echo", "always", "--command", command, "/dev/null"];
}

/** script starts what SHELL names, which may be no POSIX shell; and its programs are ours where the portable file has them. */
function terminalEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { type }: { type: string },
): Readonly<Record<string, string | undefined>> {
  const usual = `${env["PATH"] ?? ""}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  return { ...env, PATH: env["P2V_PATH"] ?? usual, SHELL: "/bin/sh", TERM: type };
}

/** The kernel then tells the programs on that terminal (SIGWINCH). */
async function setSize(terminalFile: string, { columns, rows }: Message<"resize">): Promise<void> {
  const path = (await readBounded(terminalFile, { maxBytes: 4096 }))?.toString("latin1").trim() ?? "";
  if (!/^\/dev\/[a-z0-9/]+$/.test(path)) return; // it has not begun, or is over
  const argv = ["sh", "-c", 'exec stty rows "$1" cols "$2" <"$3"', "sh", `${rows}`, `${columns}`, path];
  await run(argv, { timeoutMs: 20_000 }).catch((error: unknown) => {
    if (!(error instanceof RunError)) throw error; // a terminal of the old size is still one
  });
}

function endOf(child: PipedProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const shellCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      const late = setTimeout(() => resolve(shellCode), LAST_WORDS_MS);
      child.once("close", () => {
        clearTimeout(late);
        resolve(shellCode);
      });
    });
  });
}
