// SPDX-License-Identifier: Apache-2.0
// A POSIX shell somewhere: scripts go in by stdin, what login shells and banners print is cut off by markers.
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { UserError } from "../core/index.ts";
import { killSoftly, type PipedProcess, startPiped, type Traced, traceProgram } from "../system/index.ts";
import { noCommand, noShell, shellEnded, tookLonger } from "./shell-errors.ts";

/** For a POSIX shell of ours, which needs no second one. */
export const READ_SCRIPT = 'read -r n && s=$(dd bs=1 count="$n" 2>/dev/null) && eval "$s"';

/**
 * What a transport starts: any login shell (fish, csh, busybox) understands this line, since it has no
 * backslash, quote or newline inside. It reads the length of the script, the script, and leaves the rest of stdin to it.
 */
export const BOOTSTRAP = `exec sh -c '${READ_SCRIPT}'`;

const MAX_NOISE_BYTES = 256 * 1024;
const STDERR_TAIL_BYTES = 4096;

/** How a shell is reached. */
export interface Transport extends AsyncDisposable {
  /** For messages: `this machine`, `root@host:22`. */
  readonly title: string;
  /** Another machine: the agent must be brought there. */
  readonly isRemote: boolean;
  /** Arguments that start BOOTSTRAP there. `lane`: a connection of its own; with `forwardsAgent` ours is lent to that machine. */
  argv(options: { lane: boolean; forwardsAgent?: boolean }): readonly string[];
  /** How a person runs a script there: for the trace. */
  paste(script: string): readonly string[];
  /** The transport itself failed (its exit code and last words): the error to throw, or null when it did not. */
  explain(code: number | null, stderr: string): Error | null;
}

export type ScriptOptions = {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** After the script, on its stdin. */
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly maxOutputBytes?: number;
};

export type ScriptResult = { readonly code: number; readonly stdout: Buffer; readonly stderr: string };

/** A script that has begun: `stdout` starts with its first own byte. */
export interface Started {
  readonly child: PipedProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Of the shell there; programs it execs keep it. */
  readonly pid: number;
  stderrTail(): string;
  /** The process is gone. What it printed last may still be unread. */
  readonly exited: Promise<number | null>;
  /** It is gone and all it printed was read: waits for ever when nobody reads. */
  readonly closed: Promise<number | null>;
}

/** Runs a script to its end. Its code is the script's own; a failed transport throws what `explain` says. */
export async function runScript(
  transport: Transport,
  script: string,
  options: ScriptOptions,
): Promise<ScriptResult> {
  const traced = traceScript(transport, script, { input: options.input });
  try {
    const result = await runUntraced(transport, script, options);
    traced.ended({ kind: "exit", code: result.code });
    return result;
  } catch (error) {
    traced.ended({ kind: "lost", why: error instanceof UserError ? error.code : "interrupted" });
    throw error;
  }
}

async function runUntraced(
  transport: Transport,
  script: string,
  options: ScriptOptions,
): Promise<ScriptResult> {
  const { signal, timeoutMs, maxOutputBytes = 16 * 2 ** 20 } = options;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const endMark = `p2v-end-${randomBytes(8).toString("hex")}`;
  const started = await startUntraced(transport, `( ${script}\n)\nprintf '\\n%s %s\\n' ${endMark} "$?"`, {
    signal: limit,
    lane: false,
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw limit.aborted ? tookLonger(transport.title, timeoutMs) : error; // also while it still connects
  });
  const onLimit = (): void => void endScript(transport, started);
  limit.addEventListener("abort", onLimit, { once: true });
  const fed = feed(started.stdin, options.input);
  fed.catch(() => undefined); // awaited below
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of started.stdout) {
      size += part.length;
      if (size > maxOutputBytes)
        throw noShell(transport.title, `prints more than ${maxOutputBytes} bytes where little was asked for`);
      parts.push(part);
    }
    await fed;
  } catch (error) {
    await endScript(transport, started);
    if (!limit.aborted) throw error;
  } finally {
    limit.removeEventListener("abort", onLimit);
  }
  const exit = await started.closed;
  if (limit.aborted) {
    await endScript(transport, started);
    signal.throwIfAborted();
    throw tookLonger(transport.title, timeoutMs);
  }
  const stdout = Buffer.concat(parts);
  const at = stdout.lastIndexOf(`\n${endMark} `);
  if (at < 0)
    throw transport.explain(exit, started.stderrTail()) ?? shellEnded(transport.title, started.stderrTail());
  const code = Number.parseInt(stdout.subarray(at + endMark.length + 2).toString("latin1"), 10);
  return { code, stdout: stdout.subarray(0, at), stderr: started.stderrTail() };
}

const ENDING_MS = 20_000;
const ending = new WeakMap<Started, Promise<void>>();

/**
 * Ends a script and all it started. Killing ssh here would not end what runs there: a shell of its own
 * signals the processes. A script leads its process group; where something stands between (ForceCommand), only that is signalled.
 */
export function endScript(transport: Transport, started: Started): Promise<void> {
  const known = ending.get(started);
  if (known !== undefined) return known;
  const end = async (): Promise<void> => {
    const { pid } = started;
    // Of all ways to write it, only this is understood by dash, bash and busybox.
    const tell = (name: string): string => `{ kill -${name} -${pid} || kill -${name} ${pid}; } 2>/dev/null`;
    const wait = `i=0; while { kill -0 -${pid} || kill -0 ${pid}; } 2>/dev/null && [ $i -lt 20 ]; do i=$((i+1)); sleep 0.1 2>/dev/null || sleep 1; done`;
    const script = `${tell("TERM")} || exit 0; ${wait}; ${tell("KILL")}; true`;
    const options = { signal: AbortSignal.timeout(ENDING_MS), timeoutMs: ENDING_MS };
    await runScript(transport, script, options).catch(() => undefined); // the host is gone: nothing can be done
    started.child.kill("SIGKILL");
    started.stdout.destroy();
    await started.closed;
  };
  const ended = end();
  ending.set(started, ended);
  return ended;
}

export type StartOptions = {
  readonly signal: AbortSignal;
  /** On a connection of its own. */
  readonly lane: boolean;
  /** A lane may lend this machine's ssh agent: for as long as it lives, root there can log in by it elsewhere. */
  readonly forwardsAgent?: boolean;
  /** Takes what it says on stderr, and gives what of that are words for people. */
  readonly hear?: (text: string) => string;
};

/** Starts a script and waits until its shell is there. Aborting ends the local side. */
export async function startScript(
  transport: Transport,
  script: string,
  options: StartOptions,
): Promise<Started> {
  const traced = traceScript(transport, script, { long: true });
  try {
    const started = await startUntraced(transport, script, options);
    void started.exited.then((code) =>
      traced.ended(code === null ? { kind: "lost", why: "ended by a signal" } : { kind: "exit", code }),
    );
    return started;
  } catch (error) {
    traced.ended({ kind: "lost", why: error instanceof UserError ? error.code : "interrupted" });
    throw error;
  }
}

function traceScript(
  transport: Transport,
  script: string,
  { input, long = false }: { input?: ScriptOptions["input"]; long?: boolean },
): Traced {
  const program = {
    argv: transport.paste(script),
    ...(transport.isRemote ? { on: transport.title } : {}),
    ...(input instanceof Uint8Array ? { inputBytes: input.length } : {}),
  };
  return traceProgram(program, { long });
}

async function startUntraced(
  transport: Transport,
  script: string,
  { signal, lane, forwardsAgent = false, hear = (text) => text }: StartOptions,
): Promise<Started> {
  signal.throwIfAborted();
  const mark = `p2v-begin-${randomBytes(8).toString("hex")}`;
  const child = startPiped(transport.argv({ lane, forwardsAgent }));
  const onAbort = (): void => killSoftly(child);
  signal.addEventListener("abort", onAbort, { once: true });
  let tail = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + hear(text)).slice(-STDERR_TAIL_BYTES);
  });
  let failure: Error | null = null;
  const closed = new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      failure = error;
      resolve(null);
    });
    child.once("close", (code) => resolve(code));
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", (code) => resolve(code));
  });
  void exited.then(() => signal.removeEventListener("abort", onAbort));
  child.stdin.on("error", () => undefined); // reported by `closed`
  const text = Buffer.from(`printf '%s %s\\n' ${mark} "$$"\n${script}`, "utf8");
  child.stdin.write(`${text.length}\n`);
  child.stdin.write(text);
  const pid = await afterMark(child.stdout, `${mark} `);
  if (pid === "endless") {
    killSoftly(child);
    throw noShell(transport.title, "prints without end");
  }
  if (pid === null) {
    const code = await closed;
    signal.throwIfAborted();
    throw failure ?? transport.explain(code, tail) ?? noCommand(transport.title, tail);
  }
  return {
    child,
    stdin: child.stdin,
    stdout: child.stdout,
    pid,
    stderrTail: () => tail.trim(),
    exited,
    closed,
  };
}

/** Reads up to the line with the mark, and leaves the rest in the stream. null when the stream ends before it. */
async function afterMark(stream: Readable, mark: string): Promise<number | "endless" | null> {
  let seen = Buffer.alloc(0);
  for await (const part of stream.iterator({ destroyOnReturn: false })) {
    seen = Buffer.concat([seen, part]);
    const at = seen.indexOf(mark);
    const end = at < 0 ? -1 : seen.indexOf("\n", at);
    if (end >= 0) {
      if (end + 1 < seen.length) stream.unshift(seen.subarray(end + 1));
      return Number.parseInt(seen.subarray(at + mark.length, end).toString("latin1"), 10);
    }
    if (seen.length > MAX_NOISE_BYTES) return "endless";
  }
  return null;
}

/** The other side may stop reading: then its end tells why, not the broken pipe here. */
async function feed(stdin: NodeJS.WritableStream, input: ScriptOptions["input"]): Promise<void> {
  try {
    if (input instanceof Uint8Array) stdin.end(input);
    else if (input === undefined) stdin.end();
    else {
      for await (const part of input) {
        if (!stdin.writable) return;
        await new Promise<void>((resolve) => stdin.write(part, () => resolve()));
      }
      stdin.end();
    }
  } catch (error) {
    stdin.end();
    throw error;
  }
}
