// SPDX-License-Identifier: Apache-2.0
// At most so many at a time; the rest wait in order.

export class Slots {
  #free: number;
  readonly #total: number;
  readonly #waiting: (() => void)[] = [];

  constructor(total: number) {
    this.#free = total;
    this.#total = total;
  }

  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next();
    else this.#free += 1;
  }

  /** Resolves when none is taken; nobody may take one meanwhile. */
  async idle(): Promise<void> {
    for (let i = 0; i < this.#total; i += 1) await this.take();
    for (let i = 0; i < this.#total; i += 1) this.give();
  }
}
