// SPDX-License-Identifier: Apache-2.0
// The messages between sender and receiver (doc/protocol.md). What comes from the other side is checked here.
import { z } from "zod";
import { parseReceiverCode, VOLUME_PATH } from "../core/index.ts";
import { MAX_CELLS, SEGMENT_BYTES } from "./grid.ts";
import { DISK_NAME } from "./names.ts";

/** Protocols this program speaks, best first. */
export const PROTOCOLS: readonly number[] = [1];

/** At most so many hashes in one `entries` message: 64 KiB. */
export const MAX_ENTRIES = 2048;

/** Longest range of one `hash-range`. */
export const MAX_HASH_RANGE_BYTES = 8 * 2 ** 20;

const offset = z.int().nonnegative();
const seq = z.int().nonnegative();
const disk = z.string().regex(DISK_NAME);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().max(4096);

const open = z.object({
  type: z.literal("open"),
  seq,
  disk,
  sizeBytes: z.int().positive(),
  segmentBytes: z.literal(SEGMENT_BYTES),
  /** `volume`: a block device of the host, which only then is named. */
  format: z.enum(["raw", "qcow2", "volume"]),
  volume: z.string().regex(VOLUME_PATH).optional(),
  mode: z.enum(["new", "resume", "replace"]),
  join: z.boolean(),
});

const data = z.object({
  type: z.literal("data"),
  seq,
  disk,
  start: offset,
  length: z.int().positive(),
  codec: z.enum(["none", "zstd"]),
  wireBytes: offset,
  sha256: hash,
});

const toAgent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    protocols: z.array(z.int()).max(64),
    release: z.string().max(64),
    job: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
    lane: z.int().min(0).max(63),
    lanes: z.int().min(1).max(64),
  }),
  open,
  data,
  z.object({ type: z.literal("zero"), seq, disk, start: offset, end: offset }),
  z.object({ type: z.literal("hash-range"), seq, disk, start: offset, end: offset }),
  z.object({
    type: z.literal("list"),
    seq,
    disk,
    first: z.int().nonnegative().max(MAX_CELLS),
    count: z.int().positive().max(MAX_ENTRIES),
  }),
  z.object({ type: z.literal("close"), seq, disk }),
  z.object({ type: z.literal("ping"), seq }),
  z.object({ type: z.literal("bye") }),
]);

const problem = z.object({
  code: z.string().max(64).transform(parseReceiverCode),
  text,
  advice: text,
  severity: z.enum(["stops", "warns", "notes"]),
});

const readBack = z.enum(["direct", "cached"]);

const fromAgent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("welcome"), protocol: z.int(), release: z.string().max(64) }),
  z.object({ type: z.literal("opened"), seq, disk, kept: z.boolean(), readBack }),
  z.object({ type: z.literal("entries"), seq, wireBytes: offset }),
  z.object({ type: z.literal("durable"), seqs: z.array(seq).max(4096) }),
  z.object({ type: z.literal("range-hash"), seq, sha256: hash }),
  z.object({ type: z.literal("closed"), seq, rootSha256: hash }),
  z.object({ type: z.literal("pong"), seq }),
  z.object({ type: z.literal("failed"), seq: seq.nullable(), problem, retry: z.boolean() }),
]);

type Frozen<T> = T extends readonly (infer U)[]
  ? readonly U[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

export type ToAgent = Frozen<z.infer<typeof toAgent>>;
export type FromAgent = Frozen<z.infer<typeof fromAgent>>;
export type OpenMessage = Extract<ToAgent, { type: "open" }>;
export type DataMessage = Extract<ToAgent, { type: "data" }>;
/** What a receiver says of something that cannot be done. */
export type ReceiverWords = Extract<FromAgent, { type: "failed" }>["problem"];
export type ReadBack = z.infer<typeof readBack>;

/** The other side said something this side does not understand, or may not accept. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

function check<T>(schema: z.ZodType<T>, head: unknown, from: string): T {
  const parsed = schema.safeParse(head);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const type = typeof head === "object" && head !== null && "type" in head ? head.type : undefined;
  const name = typeof type === "string" ? type.slice(0, 40) : "no type";
  const where = issue === undefined ? "" : `: ${issue.path.join(".")}: ${issue.message}`.slice(0, 300);
  throw new ProtocolError(`A message of the ${from} (${JSON.stringify(name)}) cannot be accepted${where}`);
}

/** What a sender said. ProtocolError for anything else. */
export function parseToAgent(head: unknown): ToAgent {
  return check(toAgent, head, "sender");
}

/** What an agent said. ProtocolError for anything else. */
export function parseFromAgent(head: unknown): FromAgent {
  return check(fromAgent, head, "agent");
}
