// SPDX-License-Identifier: Apache-2.0
// Rate and time left, from durable bytes over a sliding window. Pure: the clock is given.

export type Reading = { readonly bytesPerSecond: number | null; readonly secondsLeft: number | null };

/** Rates over the last `windowMs`; a pause (a slow flush) then neither freezes nor spikes the figure. */
export class Meter {
  readonly #windowMs: number;
  #samples: { atMs: number; bytes: number }[] = [];

  constructor({ windowMs = 10_000 }: { windowMs?: number } = {}) {
    this.#windowMs = windowMs;
  }

  add(atMs: number, bytes: number): void {
    this.#samples.push({ atMs, bytes });
    const oldest = atMs - this.#windowMs;
    // The last sample before the window stays: the window needs a left edge.
    while (this.#samples.length > 2 && (this.#samples[1]?.atMs ?? 0) <= oldest) this.#samples.shift();
  }

  read(totalBytes: number): Reading {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < 500)
      return { bytesPerSecond: null, secondsLeft: null };
    const bytesPerSecond = ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs);
    const left = Math.max(0, totalBytes - last.bytes);
    return { bytesPerSecond, secondsLeft: bytesPerSecond > 0 ? left / bytesPerSecond : null };
  }
}
