// SPDX-License-Identifier: Apache-2.0
// One long-lived POSIX shell on a host: small scripts go in, each with the bytes it reads from stdin; answers come in order.
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { UserError } from "../../core/index.ts";
import { ToldScripts } from "../../system/index.ts";
import { LinkLost } from "../../wire/index.ts";
import { HEARTBEAT, loop, type Patience } from "./loop.ts";

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
/** So often the shell hears that we are there. */
const HEARTBEAT_MS = 15_000;
/** It may have to finish what it does. */
const END_MS = 20_000;

const PATIENCE: Patience = { silenceSeconds: 90, bodySeconds: 600 };

export type Answer = { readonly code: number; readonly lines: readonly string[] };

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };

/** The shell or its answers are gone; its last order may have been carried out or not. */
class ShellLost extends LinkLost {}

export class RemoteShell implements AsyncDisposable {
  readonly #process: ShellProcess;
  readonly #mark: string;
  readonly #told: ToldScripts;
  /** It says at once whether it can read what it is given. */
  readonly #ready: Promise<Answer>;
  readonly #waiting: Waiting[] = [];
  readonly #heartbeat: NodeJS.Timeout;
  #drained: Promise<void> | null = null;
  #text = "";
  #lost: Error | null = null;

  private constructor(
    process: ShellProcess,
    { mark, title, heartbeatMs }: { mark: string; title: string; heartbeatMs: number },
  ) {
    this.#process = process;
    this.#mark = mark;
    this.#told = new ToldScripts(title);
    this.#ready = new Promise<Answer>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#ready.catch(() => undefined); // awaited when it opens
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    process.stdout.setEncoding("latin1");
    process.stdout.on("data", (part: string) => this.#hear(part));
    process.stdout.on("error", (error) => this.#end(error));
    void process.closed.then((code) =>
      this.#end(new ShellLost(`The shell ended with ${code ?? "a signal"}`)),
    );
  }

  static async open(
    host: ShellHost,
    { patience = PATIENCE, heartbeatMs = HEARTBEAT_MS }: { patience?: Patience; heartbeatMs?: number } = {},
  ): Promise<RemoteShell> {
    const mark = `p2v-${randomBytes(8).toString("hex")}`;
    const started = await host.start(loop(mark, patience));
    const shell = new RemoteShell(started, { mark, title: host.title, heartbeatMs });
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
        advice: "Run the same command again",
        cause: error,
      });
    }
  }

  /**
   * Scripts run in the order of the calls; `input` is read by this one, all of it. ShellLost when there is no answer.
   * RangeError for a script of more than one line.
   */
  async run(script: string, input?: Uint8Array): Promise<Answer> {
    if (script.includes("\n")) throw new RangeError(`A script is one line: ${JSON.stringify(script)}`);
    if (this.#lost !== null) throw this.#lost;
    const { stdin } = this.#process;
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const traced = this.#told.begin(script, input === undefined ? null : input.length);
    answer.then(
      ({ code }) => traced.ended({ kind: "exit", code }),
      () => traced.ended({ kind: "lost", why: "the shell is gone" }), // awaited below
    );
    stdin.write(`${this.#mark} ${script}\n`);
    if (input !== undefined && !stdin.write(input)) {
      this.#drained ??= new Promise<void>((resolve) => stdin.once("drain", resolve)).finally(
        () => (this.#drained = null),
      );
      await Promise.race([this.#drained, answer]);
    }
    return await answer;
  }

  lastWords(): string {
    return this.#process.stderrTail();
  }

  /** Where it has something to do, it hears of us by that. */
  #beat(): void {
    if (this.#waiting.length === 0) void this.run(HEARTBEAT).catch(() => undefined);
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
    clearInterval(this.#heartbeat);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#told.close();
    this.#process.stdout.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(new ShellLost("The connection is closed"));
    this.#process.stdin.end();
    const hard = setTimeout(() => this.#process.kill(), END_MS);
    this.#process.stdout.resume();
    await this.#process.closed;
    clearTimeout(hard);
  }
}
