// SPDX-License-Identifier: Apache-2.0
// Errors meant for a person. An error that is not a UserError is a bug and keeps its stack.
import type { ErrorArea } from "./problems/area.ts";
import type { Problem } from "./problems/problem.ts";
import { PROBLEMS, type ProblemCode } from "./problems/table.ts";

export type UserErrorOptions = { readonly advice: string; readonly cause?: unknown };

/**
 * Says what went wrong, on what, and what to do. `code` is a name for scripts (`image-empty`), and whose fault it is
 * stands beside it in the table; `message` is one sentence with the actual values and no full stop, `advice` the next
 * step for the user.
 */
export class UserError extends Error {
  readonly code: ProblemCode;
  readonly advice: string;

  constructor(code: ProblemCode, message: string, { advice, cause }: UserErrorOptions) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "UserError";
    this.code = code;
    this.advice = advice;
  }

  get area(): ErrorArea {
    return PROBLEMS[this.code].area;
  }

  /** The same may succeed in a minute, and nobody need change what was asked for. */
  get heals(): boolean {
    return PROBLEMS[this.code].heals;
  }
}

/** A problem that ends the run. */
export function errorOf({ code, text, advice }: Pick<Problem, "code" | "text" | "advice">): UserError {
  return new UserError(code, String(text), { advice: String(advice) });
}

/** For the default branch of an exhaustive switch: a new kind then fails to compile. */
export function unreachable(value: never): never {
  throw new Error(`Unreachable value ${JSON.stringify(value)}`);
}
