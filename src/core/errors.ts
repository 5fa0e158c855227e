// SPDX-License-Identifier: Apache-2.0
// Errors meant for a person. An error that is not a UserError is a bug and keeps its stack.

/** What went wrong, by whose side. The command maps each area to one exit code. */
export type ErrorArea =
  | "usage"
  | "source"
  | "host"
  | "destination"
  | "conversion"
  | "not-booted"
  | "verification"
  | "interrupted";

/** The published exit codes; the man page prints this table. 0 is success, 1 a bug. */
export const EXIT_CODES: Readonly<Record<ErrorArea, number>> = {
  usage: 2,
  source: 3,
  host: 4,
  destination: 5,
  conversion: 6,
  "not-booted": 7,
  verification: 8,
  interrupted: 130,
};

export type UserErrorOptions = { readonly advice: string; readonly cause?: unknown };

/**
 * Says what went wrong, on what, and what to do. `code` is a stable kebab-case name for scripts (`image-empty`),
 * `message` one sentence with the actual values and no full stop, `advice` the next step for the user.
 */
export class UserError extends Error {
  readonly area: ErrorArea;
  readonly code: string;
  readonly advice: string;

  constructor(area: ErrorArea, code: string, message: string, options: UserErrorOptions) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "UserError";
    this.area = area;
    this.code = code;
    this.advice = options.advice;
  }
}

/** For the default branch of an exhaustive switch: a new kind then fails to compile. */
export function unreachable(value: never): never {
  throw new Error(`Unreachable value ${JSON.stringify(value)}`);
}
