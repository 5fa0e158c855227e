// SPDX-License-Identifier: Apache-2.0
// Agents in this process behind links that can be cut at any byte, and that write down what was sent.
import { type Duplex, PassThrough, Transform } from "node:stream";
import type { Host, Link } from "../../src/core/index.ts";
import { agentServes, type Serve } from "./receivers.ts";
import { encodeFrame, type Frame, FrameDecoder, joinStreams } from "../../src/wire/index.ts";

export type LinkFaults = {
  /** All links together end after so many bytes from sender to agent; those opened later after the next number. */
  readonly cutAfterBytes?: readonly number[];
  /** Numbers in [0, 1): acknowledgements are shuffled, and some held back for a moment, by them. */
  readonly random?: () => number;
  /** May change a frame on its way to the agent. */
  readonly tamper?: (frame: Frame) => Frame;
  /** Who receives; default: the agent. */
  readonly serve?: Serve;
};

/** `frames`: every frame that reached an agent. `ended`: when all agents of this host are gone. */
export type MemoryHost = { readonly host: Host; readonly frames: readonly Frame[]; ended(): Promise<void> };

/** A host of which only connectAgent works: that is all a copy needs. */
export function memoryHost(directory: string, faults: LinkFaults = {}): MemoryHost {
  const frames: Frame[] = [];
  const agents: Promise<unknown>[] = [];
  const streams: Duplex[] = [];
  const cuts = [...(faults.cutAfterBytes ?? [])];
  let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
  const cut = (): void => {
    if (left >= 0) return;
    left = cuts.shift() ?? Number.POSITIVE_INFINITY;
    for (const stream of streams.splice(0)) stream.destroy();
  };
  const connectAgent = (): Promise<Link> => {
    const up = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const taken = chunk.subarray(0, Math.max(0, Math.min(left, chunk.length)));
        left -= chunk.length;
        if (left < 0) setImmediate(cut);
        done(null, taken);
      },
    });
    const noted = frameFilter((frame, push) => {
      const changed = faults.tamper?.(frame) ?? frame;
      frames.push(changed);
      push(changed);
    });
    const down = faults.random === undefined ? new PassThrough() : frameFilter(shuffler(faults.random));
    const near = joinStreams(down, up);
    const far = joinStreams(noted, down);
    up.pipe(noted);
    up.on("close", () => noted.destroy());
    for (const stream of [up, noted, down, near, far]) {
      stream.on("error", () => undefined);
      streams.push(stream);
    }
    agents.push((faults.serve ?? agentServes)(far, directory, { groupMs: 5 }));
    return Promise.resolve({
      stream: near,
      lastWords: () => "",
      [Symbol.asyncDispose]: () => {
        up.end();
        return Promise.resolve();
      },
    });
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const host = { title: "memory", connectAgent } as unknown as Host;
  return { host, frames, ended: async () => void (await Promise.allSettled(agents)) };
}

type Push = (frame: Frame) => void;

function frameFilter(filter: (frame: Frame, push: Push) => void): Transform {
  const decoder = new FrameDecoder();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const push: Push = ({ head, payload }) => {
        if (!this.destroyed && !this.readableEnded)
          for (const part of encodeFrame(head, payload)) this.push(part);
      };
      for (const frame of decoder.push(chunk)) filter(frame, push);
      done();
    },
  });
}

/** Single acknowledgements in random order; what is held back comes after later ones, and a moment later at the latest. */
function shuffler(random: () => number): (frame: Frame, push: Push) => void {
  const held: Frame[] = [];
  return (frame, push) => {
    const { head, payload } = frame;
    if (head["type"] !== "durable" || !Array.isArray(head["seqs"])) return push(frame);
    for (const seq of head["seqs"])
      held.splice(Math.floor(random() * (held.length + 1)), 0, {
        head: { type: "durable", seqs: [seq] },
        payload,
      });
    for (const one of held.splice(0, Math.ceil(random() * held.length))) push(one);
    setTimeout(() => held.splice(0).forEach(push), 5);
  };
}
