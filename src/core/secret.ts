// SPDX-License-Identifier: Apache-2.0
// A secret prints as *** wherever it is shown; `reveal` is called only where it leaves by stdin or file.
import { inspect } from "node:util";

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "***";
  }

  toJSON(): string {
    return "***";
  }

  [inspect.custom](): string {
    return "***";
  }
}
