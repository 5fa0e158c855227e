// SPDX-License-Identifier: Apache-2.0
// Programs that talk to the person at this terminal (dialog, a shell, a pager): they inherit it; their answer comes by fd 3.
import { type ChildProcess, spawn } from "node:child_process";
import { killSoftly, programEnvironment } from "./run.ts";
import { traceChild } from "../trace/trace.ts";

export type TerminalResult = { readonly code: number; readonly answer: string; readonly stderr: string };

const MAX_ANSWER_BYTES = 65_536;

/** Runs to its end, without a time limit: people think. Code -1: ended by a signal. */
export async function runOnTerminal(
  argv: readonly string[],
  { signal, env = {} }: { signal: AbortSignal; env?: Readonly<Record<string, string>> },
): Promise<TerminalResult> {
  signal.throwIfAborted();
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, {
    stdio: ["inherit", "inherit", "pipe", "pipe"],
    env: programEnvironment(env),
  });
  traceChild(child, { argv, env });
  const onAbort = (): void => killSoftly(child);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const answer = collect(child.stdio[3]);
    const stderr = collect(child.stderr);
    const code = await ended(child);
    signal.throwIfAborted();
    return { code, answer: await answer, stderr: await stderr };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A program that is fed while it shows: lines to its stdin. */
export type TerminalFeed = AsyncDisposable & { write(text: string): void };

export function feedOnTerminal(
  argv: readonly string[],
  { env = {} }: { env?: Readonly<Record<string, string>> } = {},
): TerminalFeed {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, {
    stdio: ["pipe", "inherit", "ignore"],
    env: programEnvironment(env),
    detached: false,
  });
  traceChild(child, { argv, env });
  child.stdin.on("error", () => undefined); // it may be gone: then nobody sees it
  const over = ended(child).catch(() => -1);
  return {
    write: (text) => {
      if (child.exitCode === null) child.stdin.write(text);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const hard = setTimeout(() => child.kill("SIGKILL"), 2000);
      await over;
      clearTimeout(hard);
    },
  };
}

/** Codes of a shell: no such program, or none that can be run. */
const NOT_STARTED: readonly number[] = [126, 127];

/**
 * A program that shows `text`, from its stdin to the terminal that is our stderr, until the person
 * leaves it. False: it could not be started.
 */
export async function showInPager(
  argv: readonly string[],
  text: string,
  { signal }: { signal: AbortSignal },
): Promise<boolean> {
  signal.throwIfAborted();
  const [program = "", ...rest] = argv;
  const env = { LC_ALL: characterSet(), LESS: process.env["LESS"] ?? "" };
  const child = spawn(program, rest, {
    stdio: ["pipe", 2, 2],
    env: programEnvironment(env),
  });
  traceChild(child, { argv, env });
  const onAbort = (): void => killSoftly(child);
  signal.addEventListener("abort", onAbort, { once: true });
  child.stdin?.on("error", () => undefined); // whoever has read enough leaves
  child.stdin?.end(text);
  try {
    const code = await ended(child);
    signal.throwIfAborted();
    return !NOT_STARTED.includes(code);
  } catch (error) {
    if (!["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return false;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Of the terminal: a pager shows what the locale knows, and the bytes of all else. */
function characterSet(): string {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return LC_ALL || LC_CTYPE || LANG || "C.UTF-8";
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
}

async function collect(stream: unknown): Promise<string> {
  let text = "";
  for await (const part of stream as AsyncIterable<Buffer>)
    if (text.length < MAX_ANSWER_BYTES) text += part.toString("utf8");
  return text;
}
