// SPDX-License-Identifier: Apache-2.0
// A limit for bytes a second, shared by all lanes: each sending is put after the ones before it.
import { setTimeout as sleep } from "node:timers/promises";

/** What was not sent in a pause may be sent after it, but no more than of this time: no burst fills the link. */
const BURST_MS = 250;

export class RateLimit {
  readonly #bytesPerMs: number;
  readonly #now: () => number;
  /** When all that was let through so far has gone at the given rate. */
  #goneAt = 0;

  /** null: no limit. `now`: milliseconds, for tests. */
  constructor(bytesPerSecond: number | null, now: () => number = () => performance.now()) {
    this.#bytesPerMs = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000;
    this.#now = now;
  }

  /** Books `bytes`, and says in how many milliseconds they may go. */
  book(bytes: number): number {
    const now = this.#now();
    const waitMs = Math.max(0, this.#goneAt - now);
    this.#goneAt = Math.max(this.#goneAt, now - BURST_MS) + bytes / this.#bytesPerMs;
    return waitMs;
  }

  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.book(bytes);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
