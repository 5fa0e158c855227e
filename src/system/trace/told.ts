// SPDX-License-Identifier: Apache-2.0
// Lines that are told to one long-lived shell: each kind once, those that fail or take long, and at the end how many there
// were of each. A copy tells a shell the same for every cell, hundred thousands of times.
import { type Traced, traceProgram } from "./trace.ts";

type Kind = { readonly script: string; count: number };

/** A copy has some thirty. */
const MAX_KINDS = 200;

export class ToldScripts {
  readonly #on: string;
  readonly #kinds = new Map<string, Kind>();

  /** `on`: the host of the shell. */
  constructor(on: string) {
    this.#on = on;
  }

  /** `inputBytes`: given to it on stdin. */
  begin(script: string, inputBytes: number | null): Traced {
    const shape = script.replaceAll(/\d+/g, "#");
    const known = this.#kinds.get(shape);
    if (known !== undefined) known.count += 1;
    else if (this.#kinds.size < MAX_KINDS) this.#kinds.set(shape, { script, count: 1 });
    const program = { argv: [script], on: this.#on, isTold: true };
    return traceProgram(inputBytes === null ? program : { ...program, inputBytes }, {
      quiet: known !== undefined,
    });
  }

  /** The shell is gone, and nothing more is told. */
  close(): void {
    for (const { script, count } of this.#kinds.values())
      if (count > 1) {
        const words = `told ${count} times, with other numbers: ${script}`;
        traceProgram({ argv: [words], on: this.#on, isTold: true }).ended({ kind: "exit", code: 0 });
      }
    this.#kinds.clear();
  }
}
