// SPDX-License-Identifier: Apache-2.0
// One long-lived POSIX shell on a host: small scripts go in, each with the bytes it reads from stdin; answers come in order.
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { UserError } from "../../core/index.ts";
import { quoteWord } from "../../system/index.ts";

/** A shell on a host that reads its script from here; how it is reached is another room's concern. */
export type ShellProcess = {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** It is gone, and all that it printed was read. */
  readonly closed: Promise<number | null>;
  stderrTail(): string;
  kill(): void;
};

/** A host whose shell receives. `start` runs a script there, on a connection of its own. */
export type ShellHost = {
  readonly title: string;
  start(script: string): Promise<ShellProcess>;
};

/** What one script may print: a page of hashes in hex, and what dd complains of. */
const MAX_ANSWER_BYTES = 2 ** 20;

export type Answer = { readonly code: number; readonly lines: readonly string[] };

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };

/** The shell or its answers are gone; what it was told last may have been done or not. */
export class ShellLost extends Error {
  override readonly name = "ShellLost";
}

/**
 * `dd` with fullblock takes exactly so many bytes from a pipe, on GNU, busybox and toybox; `head -c` of busybox takes more.
 * Only the shell's own `read` takes lines, byte by byte. Each begins with a random word: where a program that should
 * have taken a body died (no memory, killed), what follows is the guest's own bytes, and these must never be commands.
 */
function loop(directory: string, mark: string): string {
  return [
    `cd -- ${quoteWord(directory)} && umask 077 || exit 90`,
    `[ "$(printf abcdef | { dd bs=3 count=1 iflag=fullblock 2>/dev/null; cat >/dev/null; })" = abc ]; printf '\\n%s %s\\n' ${mark} "$?"`,
    "LC_ALL=C; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export LC_ALL PATH; p2v_lock=",
    `p2v_end() { if [ -n "$p2v_lock" ] && [ "$(cat .p2v-lock 2>/dev/null)" = "$p2v_lock" ]; then rm -f .p2v-lock; fi; }`,
    "trap p2v_end EXIT; trap 'exit 0' HUP INT TERM PIPE",
    `while read -r p2v_m p2v_n; do [ "$p2v_m" = ${mark} ] || exit 91; p2v_s=$(dd bs="$p2v_n" count=1 iflag=fullblock 2>/dev/null) && eval "$p2v_s"; printf '\\n%s %s\\n' ${mark} "$?"; done`,
  ].join("\n");
}

export class RemoteShell implements AsyncDisposable {
  readonly directory: string;
  readonly #started: ShellProcess;
  readonly #mark: string;
  /** It says at once whether it can read what it is given. */
  readonly #ready: Promise<Answer>;
  readonly #waiting: Waiting[] = [];
  #drained: Promise<void> | null = null;
  #text = "";
  #lost: Error | null = null;

  private constructor(started: ShellProcess, directory: string, mark: string) {
    this.directory = directory;
    this.#started = started;
    this.#mark = mark;
    this.#ready = new Promise<Answer>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#ready.catch(() => undefined); // awaited when it opens
    started.stdout.setEncoding("latin1");
    started.stdout.on("data", (part: string) => this.#hear(part));
    started.stdout.on("error", (error) => this.#end(error));
    void started.closed.then((code) =>
      this.#end(new ShellLost(`The shell ended with ${code ?? "a signal"}`)),
    );
  }

  static async open(host: ShellHost, directory: string): Promise<RemoteShell> {
    const mark = `p2v-${randomBytes(8).toString("hex")}`;
    const started = await host.start(loop(directory, mark));
    const shell = new RemoteShell(started, directory, mark);
    try {
      if ((await shell.#ready).code === 0) return shell;
      throw new UserError(
        "receiver-lacks-tools",
        `The shell of ${host.title} cannot receive a copy: its dd has no iflag=fullblock`,
        {
          advice: "Install coreutils or a newer busybox there, or let the agent run there",
        },
      );
    } catch (error) {
      await shell[Symbol.asyncDispose]();
      if (!(error instanceof ShellLost)) throw error;
      const text = `The shell of ${host.title} ended before it was ready: ${error.message}`;
      throw new UserError("link-lost", text, {
        advice: `Check that ${directory} is there and can be entered, and run the same command again`,
        cause: error,
      });
    }
  }

  /** Scripts run in the order of the calls; `input` is read by this one, all of it. ShellLost when there is no answer. */
  async run(script: string, input?: Uint8Array): Promise<Answer> {
    if (this.#lost !== null) throw this.#lost;
    const { stdin } = this.#started;
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    answer.catch(() => undefined); // awaited below
    stdin.write(`${this.#mark} ${Buffer.byteLength(script)}\n${script}`);
    if (input !== undefined && !stdin.write(input)) {
      this.#drained ??= new Promise<void>((resolve) => stdin.once("drain", resolve)).finally(
        () => (this.#drained = null),
      );
      await Promise.race([this.#drained, answer]);
    }
    return await answer;
  }

  lastWords(): string {
    return this.#started.stderrTail();
  }

  #hear(part: string): void {
    this.#text += part;
    for (;;) {
      const at = this.#text.indexOf(`\n${this.#mark} `);
      const end = at < 0 ? -1 : this.#text.indexOf("\n", at + 1);
      if (end < 0) break;
      const code = Number.parseInt(this.#text.slice(at + this.#mark.length + 2, end), 10);
      const lines = this.#text.slice(0, at).split("\n");
      this.#text = this.#text.slice(end + 1);
      const waiting = this.#waiting.shift();
      if (waiting === undefined || !Number.isInteger(code))
        return this.#end(new ShellLost("The shell answers what was not asked"));
      waiting.resolve({ code, lines: lines.filter((line) => line !== "") });
    }
    if (this.#text.length > MAX_ANSWER_BYTES) this.#end(new ShellLost("The shell prints without end"));
  }

  #end(error: Error): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#started.stdout.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(new ShellLost("The connection is closed"));
    this.#started.stdin.end();
    const hard = setTimeout(() => this.#started.kill(), 20_000);
    this.#started.stdout.resume();
    await this.#started.closed;
    clearTimeout(hard);
  }
}
