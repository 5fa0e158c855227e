// SPDX-License-Identifier: Apache-2.0
// The Host interface by small POSIX sh scripts, the same for this machine and for ssh.
import {
  type Host,
  type HostProcess,
  lastWords,
  type Link,
  type ProblemCode,
  UserError,
} from "../core/index.ts";
import { quoteWord } from "../system/index.ts";
import { startAgent } from "./agent.ts";
import { type ShellHost, startShellReceiver } from "../receiver/index.ts";
import { endScript, runScript, type ScriptResult, startScript, type Transport } from "./shell.ts";

const ACT_TIMEOUT_MS = 120_000;
/** A link that is slower is taken for dead while a file is written. */
const LEAST_BYTES_PER_SECOND = 32 * 1024;
/** A directory tree of images is gone in moments; on a network file system it may take longer. */
const REMOVE_TIMEOUT_MS = 600_000;

/** What an agent meets on hosts of another kind, with an old glibc, without space, or with a home that runs nothing. */
const UNPLACED = new Set(["agent-not-placed", "agent-does-not-run", "host-other-system"]);

export function posixHost(transport: Transport): Host {
  return new PosixHost(transport);
}

class PosixHost implements Host {
  readonly title: string;
  readonly #transport: Transport;
  readonly #processes = new Set<HostProcess>();

  constructor(transport: Transport) {
    this.#transport = transport;
    this.title = transport.title;
  }

  async makeDirectory(path: string, { mode }: { mode: number }): Promise<void> {
    const p = word(path);
    const kept = `mkdir -p -- ${p} && chmod ${mode.toString(8)} -- ${p}`;
    await this.#act(`[ -d ${p} ] || { umask 077; ${kept}; }`, `make ${path}`);
  }

  async kindOf(path: string): Promise<"file" | "directory" | "other" | "absent"> {
    const p = word(path);
    const { stdout } = await this.#act(
      `if [ -f ${p} ]; then echo file; elif [ -d ${p} ]; then echo directory; elif [ -e ${p} ] || [ -L ${p} ]; then echo other; else echo absent; fi`,
      `look at ${path}`,
    );
    const kind = stdout.toString("utf8").trim();
    if (kind === "file" || kind === "directory" || kind === "other" || kind === "absent") return kind;
    throw new Error(`${this.title} says ${JSON.stringify(kind.slice(0, 100))} of ${path}`);
  }

  /** Names with a newline in them are left out: no line-based shell could act on them. */
  async list(path: string): Promise<readonly string[]> {
    const { stdout } = await this.#act(
      `cd -- ${word(path)} && for f in .* *; do [ "$f" = . ] || [ "$f" = .. ] || { [ -e "$f" ] || [ -L "$f" ]; } && printf '%s\\0' "$f"; done; true`,
      `list ${path}`,
    );
    const names = stdout.toString("utf8").split("\0");
    return names
      .filter((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\n"))
      .toSorted();
  }

  async freeBytes(path: string): Promise<number> {
    const { stdout } = await this.#act(`df -Pk -- ${word(path)}`, `measure ${path}`);
    return parseDf(stdout.toString("utf8").trimEnd().split("\n").at(-1) ?? "");
  }

  async occupiedBytes(path: string): Promise<number> {
    const { stdout } = await this.#act(`du -sk -- ${word(path)}`, `measure ${path}`);
    const kib = /^(\d+)\s/.exec(stdout.toString("utf8"))?.[1];
    if (kib === undefined)
      throw new Error(`du on ${this.title} cannot be read: ${stdout.toString("utf8").slice(0, 200)}`);
    return Number(kib) * 1024;
  }

  async writeFile(path: string, bytes: Uint8Array, { mode }: { mode: number }): Promise<void> {
    const p = word(path);
    // `sync FILE` is of coreutils and busybox; without it the whole system is flushed.
    const script = `t=${p}.p2v-$$; umask 077; cat >"$t" && chmod ${mode.toString(8)} -- "$t" && { sync -- "$t" 2>/dev/null || sync; } && [ "$(wc -c <"$t")" -eq ${bytes.length} ] && mv -f -- "$t" ${p} || { rm -f -- "$t"; exit 1; }`;
    const timeoutMs = ACT_TIMEOUT_MS + Math.ceil((bytes.length / LEAST_BYTES_PER_SECOND) * 1000);
    await this.#act(script, `write ${path}`, { input: bytes, timeoutMs });
  }

  async readFile(path: string, { maxBytes }: { maxBytes: number }): Promise<Uint8Array | null> {
    const p = word(path);
    const { code, stdout } = await this.#act(
      `[ -f ${p} ] || exit 44; head -c ${maxBytes + 1} -- ${p}`,
      `read ${path}`,
      {
        allowCode: 44,
        maxOutputBytes: maxBytes + 4096,
      },
    );
    if (code === 44) return null;
    if (stdout.length > maxBytes) throw new RangeError(`${path} is larger than ${maxBytes} bytes`);
    return stdout;
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#act(`mv -f -- ${word(from)} ${word(to)}`, `rename ${from}`);
  }

  async remove(path: string): Promise<void> {
    if (!/\/[^/]+$/.test(path)) throw new RangeError(`${path} is not removed`);
    await this.#act(`rm -rf -- ${word(path)}`, `remove ${path}`, { timeoutMs: REMOVE_TIMEOUT_MS });
  }

  async which(program: string): Promise<string | null> {
    const { stdout } = await this.#act(
      `PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; command -v ${word(program)} || true`,
      `find ${program}`,
    );
    const path = stdout.toString("utf8").trim();
    return path.startsWith("/") ? path : null;
  }

  async run(
    argv: readonly string[],
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const { code, stdout, stderr } = await runScript(this.#transport, command(argv), { timeoutMs, signal });
    return { code, stdout: stdout.toString("utf8"), stderr };
  }

  async spawn(argv: readonly string[], { signal }: { signal: AbortSignal }): Promise<HostProcess> {
    const started = await startScript(this.#transport, `exec ${command(argv)}`, { signal, lane: false });
    let over = false;
    void started.exited.then(() => (over = true));
    const stop = async (): Promise<void> => {
      this.#processes.delete(process);
      if (!over) await endScript(this.#transport, started);
    };
    const process: HostProcess = {
      stdin: started.stdin,
      stdout: started.stdout,
      stderrTail: () => started.stderrTail(),
      exited: started.exited,
      [Symbol.asyncDispose]: stop,
    };
    this.#processes.add(process);
    return process;
  }

  /** Why the agent cannot run there, once that is known: all lanes must do the same. */
  #because: string | null = null;

  async connectAgent({
    directory,
    receiver = "auto",
    signal,
  }: Parameters<Host["connectAgent"]>[0]): Promise<Link> {
    const byShell = (): Promise<Link> =>
      startShellReceiver(shellOf(this.#transport, signal), { directory, because: this.#because });
    if (receiver === "shell" || (receiver === "auto" && this.#because !== null)) return await byShell();
    try {
      return await startAgent(this.#transport, { directory, signal });
    } catch (error) {
      if (receiver === "agent" || !(error instanceof UserError) || !UNPLACED.has(error.code)) throw error;
      this.#because = error.message;
      return await byShell();
    }
  }

  #disposed = false;
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const process of this.#processes) await process[Symbol.asyncDispose]();
    await this.#transport[Symbol.asyncDispose]();
  }

  /** One act; what fails is the destination's error, with the words of the command there. */
  async #act(
    script: string,
    what: string,
    {
      input,
      allowCode = 0,
      timeoutMs = ACT_TIMEOUT_MS,
      maxOutputBytes,
    }: { input?: Uint8Array; allowCode?: number; timeoutMs?: number; maxOutputBytes?: number } = {},
  ): Promise<ScriptResult> {
    const result = await runScript(this.#transport, `LC_ALL=C; export LC_ALL; ${script}`, {
      signal: new AbortController().signal,
      timeoutMs,
      ...(input === undefined ? {} : { input }),
      ...(maxOutputBytes === undefined ? {} : { maxOutputBytes }),
    });
    if (result.code !== 0 && result.code !== allowCode) throw failed(this.title, what, result);
    return result;
  }
}

/** A shell for one lane of a copy. */
function shellOf(transport: Transport, signal: AbortSignal): ShellHost {
  return {
    title: transport.title,
    async start(script) {
      const started = await startScript(transport, script, { signal, lane: true });
      return { ...started, kill: () => void started.child.kill("SIGKILL") };
    },
  };
}

/** Last line of `df -Pk`: device, blocks, used, available, percent, mount point; the device may have blanks. Pure. */
export function parseDf(line: string): number {
  const match = /\s(\d+)\s+(-?\d+)\s+(-?\d+)\s+(?:\d+%|-)\s/.exec(line);
  if (match === null) throw new Error(`df cannot be read: ${line.slice(0, 200)}`);
  return Math.max(0, Number(match[3])) * 1024;
}

function failed(title: string, what: string, { code: exitCode, stderr }: ScriptResult): UserError {
  const words = lastWords(stderr);
  const [code, advice]: readonly [ProblemCode, string] = /No space left|quota/i.test(stderr)
    ? ["destination-full", "Free space there, then run the same command again"]
    : /Permission denied|Read-only|not permitted/i.test(stderr)
      ? ["destination-read-only", "Choose a directory that your user may write, or another user"]
      : /Not a directory|File exists/i.test(stderr)
        ? ["destination-wrong", "Choose a directory as the destination"]
        : ["destination-act-failed", "Look at that directory on the host"];
  return new UserError(
    code,
    `Cannot ${what} on ${title}: ${words === "" ? `exit code ${exitCode}` : words}`,
    {
      advice,
    },
  );
}

/** Newlines cannot be in a word: some login shells would change them. */
function word(text: string): string {
  if (/[\n\0]/.test(text)) throw new RangeError(`A newline cannot be in ${JSON.stringify(text)}`);
  return quoteWord(text);
}

function command(argv: readonly string[]): string {
  if (argv.length === 0) throw new TypeError("Empty argv");
  return argv.map(word).join(" ");
}
