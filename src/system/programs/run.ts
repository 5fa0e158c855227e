// SPDX-License-Identifier: Apache-2.0
// The one door to external programs: list argv, fixed locale, stdin closed or given, time limit, abort signal.
import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readdirSync, readFileSync } from "node:fs";
import { lastWords, UserError } from "../../core/index.ts";
import { quoteArgv } from "./quote.ts";
import { traceChild } from "../trace/trace.ts";

export type RunOptions = {
  readonly signal?: AbortSignal;
  /** Killed after this long: SIGTERM, and SIGKILL two seconds later. Default 60 s. */
  readonly timeoutMs?: number;
  /** Given on stdin; default: stdin is /dev/null. */
  readonly input?: string | Uint8Array;
  /** Exit codes besides 0 that are no error. */
  readonly allowCodes?: readonly number[];
  /** At most so many bytes of each output stream are kept; more is an error. Default 16 MiB. */
  readonly maxOutputBytes?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program of the guest, in the sandbox: the trace says so. */
  readonly isGuest?: boolean;
};

export type RunResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
};

/** What a program is allowed to know of our environment; the locale is fixed so that output can be parsed. */
export function programEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const keep = ["HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"];
  const env: Record<string, string> = {};
  for (const name of keep) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  // The portable file has programs of its own, and says in which order (scripts/release/portable/head.sh).
  const own = process.env["P2V_PATH"] ?? "";
  const usual = `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${process.env["PATH"] ?? ""}`;
  env["PATH"] = own === "" ? usual : own;
  return { ...env, LC_ALL: "C", LANG: "C", TZ: "UTC0", ...extra };
}

/**
 * What we were started with beyond stdin, stdout and stderr (`40</dev/sda`) is not a program's business, least of all a guest's:
 * it gets /dev/null there. Node opens its own so that they are closed, and sees to the lowest that it was given.
 */
const INHERITED: readonly (number | "ignore")[] = coverInherited();

function coverInherited(): readonly (number | "ignore")[] {
  const CLOEXEC = 0o2000000; // fcntl.h of Linux
  const isPassedOn = (fd: string): boolean => {
    try {
      const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
      return (Number.parseInt(flags ?? "0", 8) & CLOEXEC) === 0;
    } catch {
      return false; // it was that of the list itself
    }
  };
  const passed = readdirSync("/proc/self/fd")
    .filter(isPassedOn)
    .map(Number)
    .filter((fd) => fd > 2 && fd < 1024);
  if (passed.length === 0) return [];
  const nothing = openSync("/dev/null", "r");
  // "ignore" leaves a descriptor as it is, which is right for all others: spawn() uses some itself until exec.
  return Array.from({ length: Math.max(...passed) - 2 }, (_, index) =>
    passed.includes(index + 3) ? nothing : "ignore",
  );
}

/** A program ended with an unexpected code, a signal, or ran out of time. */
export class RunError extends Error {
  readonly argv: readonly string[];
  readonly code: number | null;
  readonly stderr: string;
  readonly timedOut: boolean;

  constructor(
    argv: readonly string[],
    how: { code: number | null; signal: string | null; timedOut: boolean; stderr: string; stdout: string },
  ) {
    const end = how.timedOut
      ? "ran out of time"
      : how.code === null
        ? `ended by ${how.signal}`
        : `exit code ${how.code}`;
    const words = lastWords(how.stderr.trim() || how.stdout, { lines: 5, maxChars: 600 });
    super(`${quoteArgv(argv)}: ${end}${words === "" ? "" : `: ${words}`}`);
    this.name = "RunError";
    this.argv = argv;
    this.code = how.code;
    this.stderr = how.stderr;
    this.timedOut = how.timedOut;
  }
}

/**
 * Runs a program to its end. Throws RunError on any other code than 0 and `allowCodes`, UserError when the program is
 * not installed, and the signal's reason when aborted (the program is dead by then).
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { signal, timeoutMs = 60_000, maxOutputBytes = 16 * 2 ** 20, allowCodes = [] } = options;
  signal?.throwIfAborted();
  const [program, ...rest] = argv;
  if (program === undefined) throw new TypeError("Empty argv");
  const child = spawn(program, rest, {
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe", ...INHERITED],
    env: programEnvironment(options.env),
    detached: true, // Ctrl-C in a terminal is for us: it must not end an umount of ours halfway
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const { env, cwd, input, isGuest } = options;
  const traced = traceChild(child, {
    argv,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { inputBytes: Buffer.byteLength(input) }),
    ...(isGuest === undefined ? {} : { isGuest }),
  });
  let timedOut = false;
  const stopTimer = setTimeout(() => {
    timedOut = true;
    traced.ended({ kind: "timeout", limitSeconds: timeoutMs / 1000 });
    killSoftly(child);
  }, timeoutMs);
  const onAbort = (): void => killSoftly(child);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const stdout = collect(child.stdout, maxOutputBytes, child);
    const stderr = collect(child.stderr, maxOutputBytes, child);
    if (options.input !== undefined) {
      child.stdin?.on("error", () => undefined); // the program may end without reading it all
      child.stdin?.end(options.input);
    }
    const [out, err, [code, killedBy]] = await Promise.all([stdout, stderr, ended(child, argv)]);
    signal?.throwIfAborted();
    const result = {
      code: code ?? -1,
      stdout: out.toString("utf8"),
      stderr: err.toString("utf8"),
      stdoutBytes: out,
    };
    if (code === null || timedOut || (code !== 0 && !allowCodes.includes(code)))
      throw new RunError(argv, {
        code,
        signal: killedBy,
        timedOut,
        stderr: result.stderr,
        stdout: result.stdout,
      });
    return result;
  } finally {
    clearTimeout(stopTimer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** SIGTERM now, SIGKILL two seconds later. */
export function killSoftly(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 2000);
  hard.unref();
  child.once("exit", () => clearTimeout(hard));
}

function ended(child: ChildProcess, argv: readonly string[]): Promise<[number | null, string | null]> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? notInstalled(argv[0] ?? "", error) : error);
    });
    child.once("close", (code, signal) => resolve([code, signal]));
  });
}

/** Debian packages of the programs we start, for the advice. */
const PACKAGES: Readonly<Record<string, string>> = {
  "qemu-storage-daemon": "qemu-system-common",
  "qemu-img": "qemu-utils",
  "qemu-system-x86_64": "qemu-system-x86",
  cryptsetup: "cryptsetup-bin",
  sfdisk: "fdisk",
  xfs_repair: "xfsprogs",
  mdir: "mtools",
  mcopy: "mtools",
  "dpkg-deb": "dpkg",
  "partclone.extfs": "partclone",
  "partclone.xfs": "partclone",
  ssh: "openssh-client",
};

function notInstalled(program: string, cause: unknown): UserError {
  const name = program.split("/").at(-1) ?? program;
  return new UserError("program-missing", `The program ${name} is not installed`, {
    advice: `Install it: apt-get install ${PACKAGES[name] ?? name}`,
    cause,
  });
}

async function collect(
  stream: NodeJS.ReadableStream | null,
  maxBytes: number,
  child: ChildProcess,
): Promise<Buffer> {
  if (stream === null) return Buffer.alloc(0);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    size += bytes.length;
    if (size > maxBytes) {
      child.kill("SIGKILL");
      throw new RangeError(`A program printed more than ${maxBytes} bytes`);
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}
