// SPDX-License-Identifier: Apache-2.0
// This side of a job on a server: shows what it prints, passes keys and Ctrl-C on, and says how far it has come with showing.
import type { Started } from "../hosts/index.ts";
import { encodeFrame, type Frame, FrameReader, MAX_PAYLOAD_BYTES } from "./frames.ts";
import { EscapeKeys } from "./escape.ts";
import { type Message, parseMessage } from "./messages.ts";
import type { ReadStream, WriteStream } from "node:tty";

export type RemoteEnd =
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "refused"; readonly words: readonly string[]; readonly begun: string }
  /** Another terminal came to it. */
  | { readonly kind: "taken" }
  | { readonly kind: "failed"; readonly why: string }
  /** The person left, or this program was told to end: the job goes on. */
  | { readonly kind: "left" }
  /** The connection broke; `began`: the job goes on. */
  | { readonly kind: "cut"; readonly began: boolean; readonly why: string };

export type Streams = {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
};

export type NearEndOptions = {
  readonly started: Started;
  readonly words: readonly string[];
  readonly shown: Message<"hello">["shown"];
  readonly streams: Streams;
  readonly onWelcome: (welcome: Message<"welcome">) => void;
  /** How far the job's output is on our streams. */
  readonly onShown: (shown: NonNullable<Message<"hello">["shown"]>) => void;
};

/** To the end of the job, of the connection, or of the person's patience. */
export async function attachTerminal(options: NearEndOptions): Promise<RemoteEnd> {
  await using resources = new AsyncDisposableStack();
  return await new NearEnd(options, resources).run();
}

const SIZE_IF_UNKNOWN = { columns: 80, rows: 24 };

function sizeOf({ columns, rows }: WriteStream): Message<"resize"> {
  return columns > 0 && rows > 0 ? { columns, rows } : SIZE_IF_UNKNOWN; // a serial line may say 0
}

class NearEnd {
  readonly #options: NearEndOptions;
  readonly #resources: AsyncDisposableStack;
  readonly #escape = new EscapeKeys();
  #welcome: Message<"welcome"> | null = null;
  #position = 0;
  #leave: (end: RemoteEnd) => void = () => undefined;

  constructor(options: NearEndOptions, resources: AsyncDisposableStack) {
    this.#options = options;
    this.#resources = resources;
  }

  async run(): Promise<RemoteEnd> {
    const { started, words, shown, streams } = this.#options;
    const isTerminal = streams.stdin.isTTY && streams.stdout.isTTY;
    const type = process.env["TERM"] ?? "dumb";
    const terminal = isTerminal ? { ...sizeOf(streams.stdout), type: type.slice(0, 100) } : null;
    started.stdin.write(encodeFrame("hello", { words, terminal, shown, agent: null }));
    const left = new Promise<RemoteEnd>((resolve) => (this.#leave = resolve));
    this.#listen("SIGINT", () => started.stdin.write(encodeFrame("signal", { name: "SIGINT" })));
    for (const name of ["SIGTERM", "SIGHUP"] as const)
      this.#listen(name, () => this.#leave({ kind: "left" }));
    // Who read it went away (| head): the job goes on.
    const onError = (): void => this.#leave({ kind: "left" });
    streams.stdout.once("error", onError);
    this.#resources.defer(() => void streams.stdout.off("error", onError));
    return await Promise.race([this.#read(), left]);
  }

  async #read(): Promise<RemoteEnd> {
    const { started } = this.#options;
    const reader = new FrameReader();
    try {
      for await (const part of started.stdout) {
        for (const frame of reader.push(part as Buffer)) {
          const end = await this.#take(frame);
          if (end !== null) return end;
        }
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { kind: "failed", why: "what answers there is not the portable file of this version" };
    }
    await started.exited;
    return { kind: "cut", began: this.#welcome !== null, why: started.stderrTail() };
  }

  async #take(frame: Frame): Promise<RemoteEnd | null> {
    const { started, streams, onWelcome } = this.#options;
    switch (frame.kind) {
      case "welcome": {
        const welcome = parseMessage("welcome", frame);
        this.#welcome = welcome;
        this.#position = welcome.position;
        onWelcome(welcome);
        if (welcome.line !== "") await write(streams.stdout, Buffer.from(welcome.line, "base64"));
        this.#passInput(welcome.hasTerminal && streams.stdin.isTTY && streams.stdout.isTTY);
        return null;
      }
      case "out":
      case "err":
        await write(frame.kind === "out" ? streams.stdout : streams.stderr, frame.payload);
        this.#position += frame.payload.length;
        this.#options.onShown({ job: this.#welcome?.job ?? "", position: this.#position });
        started.stdin.write(encodeFrame("shown", { position: this.#position }));
        return null;
      case "end":
        started.stdin.write(encodeFrame("done"));
        return { kind: "ended", code: parseMessage("end", frame).code };
      case "refused": {
        const { words, begun } = parseMessage("refused", frame);
        return { kind: "refused", words, begun };
      }
      case "taken":
        return { kind: "taken" };
      case "failed":
        return { kind: "failed", why: parseMessage("failed", frame).text };
      case "hello":
      case "input":
      case "input-end":
      case "resize":
      case "signal":
      case "shown":
      case "done":
        return null; // what a terminal says is not for one
    }
  }

  /** `raw`: each key is the job's, Ctrl-C too; else lines, or what a pipe brings. */
  #passInput(raw: boolean): void {
    const { started, streams } = this.#options;
    const { stdin, stdout } = streams;
    const send = (bytes: Buffer): void => {
      for (let at = 0; at < bytes.length; at += MAX_PAYLOAD_BYTES)
        if (!started.stdin.write(encodeFrame("input", bytes.subarray(at, at + MAX_PAYLOAD_BYTES)))) {
          stdin.pause();
          started.stdin.once("drain", () => stdin.resume());
        }
    };
    const onData = (bytes: Buffer): void => {
      if (!raw) return send(bytes);
      const { input, leaves } = this.#escape.take(bytes);
      send(input);
      if (leaves) this.#leave({ kind: "left" });
    };
    const onEnd = (): void => void started.stdin.write(encodeFrame("input-end"));
    const onResize = (): void => void started.stdin.write(encodeFrame("resize", sizeOf(stdout)));
    if (raw) {
      stdin.setRawMode(true);
      this.#resources.defer(() => void stdin.setRawMode(false));
      stdout.on("resize", onResize);
      this.#resources.defer(() => void stdout.off("resize", onResize));
    }
    stdin.on("data", onData).once("end", onEnd);
    this.#resources.defer(() => void stdin.off("data", onData).off("end", onEnd).pause());
  }

  #listen(name: NodeJS.Signals, act: () => void): void {
    process.on(name, act);
    this.#resources.defer(() => void process.off(name, act));
  }
}

/** Once it is written. A reader that is gone (| head) is the program's to see to. */
function write(stream: WriteStream, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => void stream.write(bytes, () => resolve()));
}
