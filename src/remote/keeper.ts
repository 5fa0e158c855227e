// SPDX-License-Identifier: Apache-2.0
// The keeper of a job: holds what it printed until a terminal has shown it, for whichever terminal comes. One for each job, on
// the server, in a session of its own; it ends when the job's end was shown.
import { randomUUID } from "node:crypto";
import { rename, rm, symlink } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { lockFile, readBounded, replaceFile } from "../system/index.ts";
import { encodeFrame, type Frame, FrameReader, MAX_PAYLOAD_BYTES } from "./frames.ts";
import { commonFiles, jobFiles } from "./job-directory.ts";
import { JobOutput, type OutputStream } from "./job-output.ts";
import { type JobProcess, startJob } from "./job-process.ts";
import {
  type JobRequest,
  type JobState,
  type Message,
  parseMessage,
  parseState,
  sameWords,
} from "./messages.ts";

/** What is kept for a terminal that is away. */
const MAX_KEPT_BYTES = 8 * 2 ** 20;
/** A terminal that shows nothing for so long is away, whatever its connection says. */
const STALLED_MS = 30_000;
/** After that nobody will ask how it ended. */
const UNSEEN_MS = 7 * 24 * 3_600_000;
/** In flight to a terminal, unread there. */
const MAX_WAITING_BYTES = 2 ** 20;

export type KeeperOptions = {
  readonly directory: string;
  readonly request: JobRequest;
  /** This program: what the words of the command are put behind. */
  readonly self: readonly string[];
  /** Of the machine that shuts down, say: the job is asked to end. */
  readonly signal: AbortSignal;
};

/** Resolves when the end was shown, or nobody came for it. */
export async function keepJob({ directory, request, self, signal }: KeeperOptions): Promise<void> {
  const files = jobFiles(directory, request.id);
  const common = commonFiles(directory);
  const state: JobState = {
    id: request.id,
    words: request.hello.words,
    begun: new Date().toISOString(),
  };
  await setAgent(files.agent, request.hello.agent);
  await replaceFile(common.state, JSON.stringify(state));
  const job = await startJob(self, request, directory);
  const keeper = new Keeper(job, request, { begun: state.begun, agentLink: files.agent });
  const server = createServer((socket) => keeper.take(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(files.socket, resolve);
  });
  const onAbort = (): void => job.terminate();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await keeper.shown;
  } finally {
    signal.removeEventListener("abort", onAbort);
    server.close();
    keeper.hangUp();
    for (const path of Object.values(files)) await rm(path, { force: true });
    await using _ = await lockFile(common.lock, new AbortController().signal);
    if ((await readState(common.state))?.id === request.id) await rm(common.state, { force: true });
  }
}

/** null: there is none, or it cannot be read. */
export async function readState(path: string): Promise<JobState | null> {
  const text = (await readBounded(path))?.toString("utf8") ?? "";
  try {
    return parseState(text);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

async function setAgent(link: string, agent: string | null): Promise<void> {
  if (agent === null) return; // the last one may still be there
  const aside = `${link}-${randomUUID()}`;
  await symlink(agent, aside);
  await rename(aside, link);
}

class Keeper {
  /** The end was shown, or nobody came for it. */
  readonly shown: Promise<void>;

  readonly #output = new JobOutput();
  readonly #job: JobProcess;
  readonly #request: JobRequest;
  readonly #about: { readonly begun: string; readonly agentLink: string };
  #finish: () => void = () => undefined;
  #code: number | null = null;
  #isOver = false;
  readonly #sockets = new Set<Socket>();
  /** Up to here some terminal has shown it. */
  #shownTo = 0;
  #terminal: { readonly socket: Socket; sentTo: number; toldEnd: boolean } | null = null;
  #taken = 0;
  #stalled: NodeJS.Timeout | null = null;

  constructor(job: JobProcess, request: JobRequest, about: { begun: string; agentLink: string }) {
    this.#job = job;
    this.#request = request;
    this.#about = about;
    this.shown = new Promise((resolve) => (this.#finish = resolve));
    for (const [stream, from] of [
      ["out", job.child.stdout],
      ["err", job.child.stderr],
    ] as const)
      from.on("data", (bytes: Buffer) => this.#print(stream, bytes));
    const end = (code: number): void => {
      this.#code = code;
      this.#send();
      setTimeout(() => this.#finish(), UNSEEN_MS).unref();
    };
    job.ended.then(end, (error: unknown) => {
      this.#print("err", Buffer.from(`virt-p2v: the command was not started: ${String(error)}\n`));
      end(1);
    });
  }

  /** A connection: it says what it wants first. */
  take(socket: Socket): void {
    const reader = new FrameReader();
    let greeted = false;
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#lose(socket));
    socket.on("drain", () => this.#send());
    socket.on("data", (bytes) => {
      try {
        for (const frame of reader.push(bytes)) {
          if (this.#isOver) socket.destroy();
          else if (greeted) this.#obey(socket, frame);
          else if (frame.kind === "hello") greeted = this.#greet(socket, parseMessage("hello", frame));
          else if (frame.kind === "done") this.#finishUnlessRunning();
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        socket.destroy(); // no terminal of ours
      }
    });
  }

  /** False: another command was asked for. */
  #greet(socket: Socket, { words, terminal, shown, agent }: Message<"hello">): boolean {
    const { begun, agentLink } = this.#about;
    if (!sameWords(words, this.#request.hello.words)) {
      const ended = this.#code === null ? null : { code: this.#code };
      socket.write(encodeFrame("refused", { words: this.#request.hello.words, begun, ended }));
      return false;
    }
    if (agent !== null) void setAgent(agentLink, agent);
    this.#terminal?.socket.end(encodeFrame("taken"));
    const found = this.#taken > 0;
    this.#taken += 1;
    const from = Math.max(this.#shownTo, shown?.job === this.#request.id ? shown.position : 0);
    this.#shownTo = Math.min(from, this.#output.end);
    const position = Math.max(this.#shownTo, this.#output.begin);
    const isQuestion = found && this.#job.hasTerminal && position === this.#output.end;
    const welcome: Message<"welcome"> = {
      job: this.#request.id,
      found,
      begun,
      hasTerminal: this.#job.hasTerminal,
      hasAgent: agent !== null,
      position,
      lostBytes: position - this.#shownTo,
      line: isQuestion ? this.#output.unfinishedLine.toString("base64") : "",
      earlier: found ? null : this.#request.earlier,
    };
    socket.write(encodeFrame("welcome", welcome));
    this.#terminal = { socket, sentTo: position, toldEnd: false };
    if (terminal !== null) this.#job.resize(terminal);
    this.#send();
    return true;
  }

  #obey(socket: Socket, frame: Frame): void {
    if (this.#terminal?.socket !== socket) return; // another has taken its place
    const { stdin } = this.#job.child;
    if (frame.kind === "input" && stdin.writable) {
      if (!stdin.write(frame.payload)) {
        socket.pause();
        stdin.once("drain", () => socket.resume());
        stdin.once("close", () => socket.resume());
      }
    } else if (frame.kind === "input-end") stdin.end();
    else if (frame.kind === "resize") this.#job.resize(parseMessage("resize", frame));
    else if (frame.kind === "signal") this.#job.interrupt();
    else if (frame.kind === "shown") this.#showed(parseMessage("shown", frame).position);
    else if (frame.kind === "done") this.#finishUnlessRunning();
  }

  #finishUnlessRunning(): void {
    if (this.#code === null) return;
    this.#isOver = true;
    this.#finish();
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #print(stream: OutputStream, bytes: Buffer): void {
    this.#output.push(stream, bytes);
    this.#bound();
    this.#send();
  }

  /** Shown is forgotten. Where that is too little: a terminal that is there is waited for, for one that is away the oldest goes. */
  #bound(): void {
    this.#output.forget(this.#shownTo);
    const { stdout, stderr } = this.#job.child;
    if (this.#output.keptBytes <= MAX_KEPT_BYTES || this.#terminal === null) {
      if (this.#output.keptBytes > MAX_KEPT_BYTES) this.#output.forget(this.#output.end - MAX_KEPT_BYTES);
      if (this.#stalled !== null) clearTimeout(this.#stalled);
      this.#stalled = null;
      stdout.resume();
      stderr.resume();
      return;
    }
    stdout.pause();
    stderr.pause();
    const { socket } = this.#terminal;
    this.#stalled ??= setTimeout(() => socket.destroy(), STALLED_MS);
  }

  #send(): void {
    const terminal = this.#terminal;
    if (terminal === null) return;
    const { socket } = terminal;
    while (socket.writable && socket.writableLength < MAX_WAITING_BYTES) {
      const part = this.#output.next(terminal.sentTo);
      if (part === null) break;
      const bytes = part.bytes.subarray(0, MAX_PAYLOAD_BYTES);
      terminal.sentTo = part.at + bytes.length;
      socket.write(encodeFrame(part.stream, bytes));
    }
    if (this.#code === null || terminal.toldEnd || terminal.sentTo < this.#output.end) return;
    terminal.toldEnd = true;
    socket.write(encodeFrame("end", { code: this.#code }));
  }

  #showed(position: number): void {
    this.#shownTo = Math.max(this.#shownTo, Math.min(position, this.#output.end));
    if (this.#stalled !== null) clearTimeout(this.#stalled); // it does show
    this.#stalled = null;
    this.#bound();
    this.#send();
  }

  #lose(socket: Socket): void {
    this.#sockets.delete(socket);
    if (this.#terminal?.socket !== socket) return;
    this.#terminal = null;
    this.#bound();
  }
}
