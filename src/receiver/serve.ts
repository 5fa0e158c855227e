// SPDX-License-Identifier: Apache-2.0
// One connection from its first byte to its last: serves while the sender speaks, says why it ends, and lets go.
import type { Duplex } from "node:stream";
import { Channel, LinkLost } from "../wire/index.ts";
import { Session } from "./session.ts";
import type { Store } from "./store.ts";

/** The sender says something every 15 s. After this long without a word it is gone, though its TCP may not know. */
const SILENCE_MS = 90_000;
/** So long a sender may take to hear why the session ended, before the connection goes. */
const LAST_WORDS_MS = 5000;

export type ServeOptions = {
  /** Nobody else has what the stream gives, so its memory is given back at once. */
  readonly ownsStream?: boolean;
  /** A written cell waits so long for others to be flushed with it. Default 100. */
  readonly groupMs?: number;
  /** Default 90 s. */
  readonly silenceMs?: number;
};

/**
 * Serves until the sender ends, and disposes of the store. True when it said goodbye; what was acknowledged is durable in
 * any case.
 */
export async function serve(
  stream: Duplex,
  store: Store,
  { ownsStream = false, groupMs = 100, silenceMs = SILENCE_MS }: ServeOptions = {},
): Promise<boolean> {
  const channel = new Channel(stream);
  const session = new Session(channel, store, { groupMs });
  const silence = new Silence(silenceMs, () => channel.destroy());
  try {
    for await (const frame of channel.frames({ take: store.take, frees: ownsStream })) {
      silence.broken();
      if (!(await session.accept(frame))) return true;
      silence.begins();
    }
    return false;
  } catch (error) {
    if (error instanceof LinkLost) return false;
    await session.sayWhy(error).catch(() => undefined);
    channel.end();
    await channel.discard(LAST_WORDS_MS);
    return false;
  } finally {
    silence.broken();
    try {
      await session.close();
    } finally {
      await store[Symbol.asyncDispose]();
      channel.end();
    }
  }
}

/** Counts only while we wait: an act of ours may take as long as it takes. */
class Silence {
  readonly #limitMs: number;
  readonly #end: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(limitMs: number, end: () => void) {
    this.#limitMs = limitMs;
    this.#end = end;
    this.begins();
  }

  begins(): void {
    this.#timer = setTimeout(this.#end, this.#limitMs);
  }

  broken(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
