// SPDX-License-Identifier: Apache-2.0
// One connection to an agent, seen from the sender: requests with their answers, and cells with their acknowledgement.
import { errorOf, lastWords, type Link, UserError } from "../core/index.ts";
import {
  Channel,
  type FromAgent,
  type Frame,
  LinkLost,
  parseFromAgent,
  PROTOCOLS,
  ProtocolError,
  type ReceiverWords,
  type ToAgent,
} from "../wire/index.ts";

type Request = Exclude<ToAgent, { type: "hello" | "bye" }>;
type Body<T> = T extends Request ? Omit<T, "seq"> : never;
export type RequestBody = Body<Request>;

/** `again`: the agent could not keep the cell, and it may be sent once more. */
export type Ack = { readonly kind: "durable" } | { readonly kind: "again"; readonly problem: ReceiverWords };
type Answer = { readonly message: FromAgent; readonly payload: Buffer };

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void };

export type LaneOptions = {
  readonly link: Link;
  readonly job: string;
  readonly lane: number;
  readonly lanes: number;
  readonly release: string;
};

const PING_MS = 15_000;

export class Lane implements AsyncDisposable {
  readonly #link: Link;
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  #seq = 0;
  #ended: { error: unknown } | null = null;
  #reading: Promise<void> = Promise.resolve();
  #ping: NodeJS.Timeout | null = null;

  private constructor(link: Link) {
    this.#link = link;
    this.#channel = new Channel(link.stream);
  }

  /** Says hello and waits for the welcome. UserError when the two do not understand each other. */
  static async open({ link, ...hello }: LaneOptions): Promise<Lane> {
    const lane = new Lane(link);
    const frames = lane.#channel.frames();
    await lane.#guard(() => lane.#channel.send({ type: "hello", protocols: PROTOCOLS, ...hello }));
    const first = await lane.#guard(() => frames.next());
    if (first.done === true) throw lane.#lost(null);
    const message = await lane.#guard(() => Promise.resolve(parseFromAgent(first.value.head)));
    if (message.type === "failed") throw errorOf(message.problem);
    if (message.type !== "welcome" || !PROTOCOLS.includes(message.protocol))
      throw protocolError(new ProtocolError(`The agent answers hello with ${message.type}`));
    lane.#reading = lane.#read(frames);
    lane.#ping = setInterval(() => void lane.request({ type: "ping" }).catch(() => undefined), PING_MS);
    return lane;
  }

  /** Sends, and resolves with the agent's answer. `sent` hears how many bytes went out, when they have. */
  request(body: RequestBody, payload?: Uint8Array, sent?: (bytes: number) => void): Promise<Answer> {
    if (this.#ended !== null) return Promise.reject(this.#ended.error);
    this.#seq += 1;
    const seq = this.#seq;
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(seq, { resolve, reject }));
    answer.catch(() => undefined); // the caller may hear of it by `sent` first
    this.#channel.send({ ...body, seq }, payload).then(sent, (error: unknown) => this.#end(error));
    return answer;
  }

  /**
   * Resolves with the acknowledgement of a cell or of zeros; the bytes may be overwritten once `sent` was called.
   * No async function: its frame would keep the bytes in memory until they are durable.
   */
  keep(body: RequestBody, payload?: Uint8Array, sent?: (bytes: number) => void): Promise<Ack> {
    return this.request(body, payload, sent).then(({ message }) => {
      if (message.type === "durable") return { kind: "durable" };
      if (message.type === "failed") return { kind: "again", problem: message.problem };
      throw protocolError(new ProtocolError(`${message.type} is not an acknowledgement`));
    });
  }

  /** Ends the connection; all who wait for the agent get `reason`. */
  abort(reason: unknown): void {
    this.#end(reason);
  }

  async bye(): Promise<void> {
    if (this.#ended !== null) return;
    this.#ended = { error: new LinkLost("The connection is closed") };
    await this.#channel.send({ type: "bye" }).catch(() => undefined);
    this.#channel.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ping !== null) clearInterval(this.#ping);
    await this.bye();
    await this.#link[Symbol.asyncDispose]();
    await this.#reading;
  }

  async #read(frames: AsyncGenerator<Frame, void, undefined>): Promise<void> {
    try {
      for await (const { head, payload } of frames) this.#take(parseFromAgent(head), payload);
      this.#end(new LinkLost("The agent ended"));
    } catch (error) {
      this.#end(error);
    }
  }

  #take(message: FromAgent, payload: Buffer): void {
    if (message.type === "welcome") throw new ProtocolError("A second welcome");
    if (message.type === "durable") {
      for (const seq of message.seqs)
        this.#answered(seq).resolve({ message: { type: "durable", seqs: [seq] }, payload });
      return;
    }
    if (message.type === "failed" && (message.seq === null || !message.retry)) throw errorOf(message.problem);
    if (message.seq === null) return;
    this.#answered(message.seq).resolve({ message, payload });
  }

  #answered(seq: number): Waiting {
    const waiting = this.#waiting.get(seq);
    if (waiting === undefined) throw new ProtocolError(`The agent answers ${seq}, which was not asked`);
    this.#waiting.delete(seq);
    return waiting;
  }

  #end(error: unknown): void {
    if (this.#ended !== null) return;
    const shown = this.#forPeople(error);
    this.#ended = { error: shown };
    for (const { reject } of this.#waiting.values()) reject(shown);
    this.#waiting.clear();
    this.#channel.destroy();
  }

  async #guard<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw this.#forPeople(error);
    }
  }

  #forPeople(error: unknown): unknown {
    if (error instanceof LinkLost) return this.#lost(error);
    return error instanceof ProtocolError ? protocolError(error) : error;
  }

  #lost(cause: unknown): UserError {
    const words = lastWords(this.#link.lastWords(), { lines: 3 });
    return new UserError(
      "link-lost",
      `The connection to the agent was lost${words === "" ? "" : `: ${words}`}`,
      {
        advice: "Run the same command again: what is durable on the destination is not sent again",
        cause,
      },
    );
  }
}

function protocolError(cause: ProtocolError): UserError {
  return new UserError(
    "protocol",
    `The agent and this program do not understand each other: ${cause.message}`,
    {
      advice: "Use the same release of virt-p2v at both ends",
      cause,
    },
  );
}
