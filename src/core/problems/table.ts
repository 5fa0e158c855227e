// SPDX-License-Identifier: Apache-2.0
// All codes of problems and errors. They are published: scripts read them, and man virt-p2v-codes lists them.
import type { ErrorArea } from "./area.ts";
import { CONVERSION_PROBLEMS } from "./conversion.ts";
import { DESTINATION_PROBLEMS } from "./destination.ts";
import { HOST_PROBLEMS } from "./host.ts";
import type { ProblemKind } from "./kind.ts";
import { RECEIVER_PROBLEMS } from "./receiver.ts";
import { SOURCE_PROBLEMS } from "./source.ts";
import { STORAGE_PROBLEMS } from "./storage.ts";
import { USAGE_PROBLEMS } from "./usage.ts";
import { VERIFICATION_PROBLEMS } from "./verification.ts";

export const TABLES = [
  USAGE_PROBLEMS,
  SOURCE_PROBLEMS,
  STORAGE_PROBLEMS,
  HOST_PROBLEMS,
  DESTINATION_PROBLEMS,
  RECEIVER_PROBLEMS,
  CONVERSION_PROBLEMS,
  VERIFICATION_PROBLEMS,
] as const;

type CodesOf<T> = T extends unknown ? keyof T : never;

/** A stable kebab-case name for scripts. */
export type ProblemCode = CodesOf<(typeof TABLES)[number]>;

/** What a receiver may say. */
export type ReceiverCode = keyof typeof RECEIVER_PROBLEMS;

export const PROBLEMS = Object.assign({}, ...TABLES) as Readonly<Record<ProblemCode, ProblemKind>>;

/** Whose side a problem is on. */
export const areaOf = ({ code }: { readonly code: ProblemCode }): ErrorArea => PROBLEMS[code].area;

/** By code, in the order of the tables. */
export const problemEntries = (): readonly (readonly [ProblemCode, ProblemKind])[] =>
  Object.entries(PROBLEMS) as [ProblemCode, ProblemKind][];

/** A code from the wire is a stranger's word. */
export const parseReceiverCode = (text: string): ReceiverCode =>
  Object.hasOwn(RECEIVER_PROBLEMS, text) ? (text as ReceiverCode) : "agent-failed";
