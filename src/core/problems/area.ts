// SPDX-License-Identifier: Apache-2.0
// Whose side a failure is on, and the exit code of each side.

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
