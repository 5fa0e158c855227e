// SPDX-License-Identifier: Apache-2.0
// What the two sides say to each other in frames of JSON, and how it is read: neither trusts the other's bytes.
import * as z from "zod";
import type { Frame } from "./frames.ts";

const words = z.array(z.string().max(131_072)).min(1).max(4096);
const position = z.int().nonnegative();
const size = { columns: z.int().min(1).max(65_535), rows: z.int().min(1).max(65_535) };

const resize = z.object(size);
const hello = z.object({
  words,
  /** null: the command is to have none. */
  terminal: z.object({ ...size, type: z.string().max(100) }).nullable(),
  /** How far this user's last terminal came with a job. */
  shown: z.object({ job: z.string().max(100), position }).nullable(),
  /** Set by the end there: the socket of the agent that was forwarded. */
  agent: z.string().max(4096).nullable(),
});
const welcome = z.object({
  job: z.string().max(100),
  /** It ran already: this terminal came to it. */
  found: z.boolean(),
  begun: z.string().max(100),
  hasTerminal: z.boolean(),
  hasAgent: z.boolean(),
  /** Where the output goes on; what was before is shown, or lost. */
  position,
  lostBytes: position,
  /** A line that is not finished and was shown before, such as a question; base64. */
  line: z.string().max(8192),
  /** What an earlier command here left: it ended with this code and nobody saw it (null: it was killed). */
  earlier: z.object({ words, code: z.int().nullable() }).nullable(),
});
const refused = z.object({
  words,
  begun: z.string().max(100),
  ended: z.object({ code: z.int() }).nullable(),
});
const end = z.object({ code: z.int() });
const shown = z.object({ position });
const signal = z.object({ name: z.enum(["SIGINT"]) });
const failed = z.object({ text: z.string().max(4096) });

const SCHEMAS = { hello, resize, welcome, refused, end, shown, signal, failed } as const;
export type Message<K extends keyof typeof SCHEMAS> = z.output<(typeof SCHEMAS)[K]>;

const id = z.string().regex(/^[0-9a-f]{16}$/);
const request = z.object({ id, hello, earlier: welcome.shape.earlier });
const state = z.object({ id, words, begun: z.string().max(100) });
/** What a job is asked to be. */
export type JobRequest = z.output<typeof request>;
/** What is written down of the job that runs. */
export type JobState = z.output<typeof state>;

/** RangeError for what is none. */
export const parseRequest = (text: string): JobRequest => parseJson("request", request, text);
export const parseState = (text: string): JobState => parseJson("state", state, text);

/** RangeError for what is none. */
export function parseMessage<K extends keyof typeof SCHEMAS>(kind: K, { payload }: Frame): Message<K> {
  return parseJson(kind, SCHEMAS[kind], payload.toString("utf8")) as Message<K>;
}

function parseJson<S extends z.ZodType>(what: string, schema: S, text: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`A ${what} is no JSON`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RangeError(`A ${what} has other values than it should`, { cause: parsed.error });
}

export const sameWords = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((word, index) => word === b[index]);
