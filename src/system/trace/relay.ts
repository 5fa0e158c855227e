// SPDX-License-Identifier: Apache-2.0
// Programs that another process of ours runs, an agent on a host above all: it says them on stderr, a line each, and they
// are recorded here. What a host says may be anything: it is bounded, and stays the words of one command on that host.
import { z } from "zod";
import { blotArguments, blotKnown } from "../../core/index.ts";
import type { TracedProgram, TraceNote } from "./line.ts";
import { nextNumber, traceInto, traceSink } from "./trace.ts";

const MARK = "p2v-trace ";
const MAX_LINE = 64 * 1024;
const MAX_OPEN = 1000;

const end = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("exit"), code: z.int().min(0).max(255) }),
  z.object({ kind: z.literal("signal"), signal: z.string().regex(/^SIG[A-Z0-9]{1,10}$/) }),
  z.object({ kind: z.literal("timeout"), limitSeconds: z.number().min(0).max(1e6) }),
  z.object({ kind: z.literal("lost"), why: z.string().max(200) }),
  z.object({ kind: z.literal("not-started"), why: z.string().max(200) }),
]);
const said = z.object({
  argv: z.array(z.string().max(MAX_LINE)).min(1).max(1000),
  number: z.int().min(0).nullable(),
  /** null: it has begun. */
  ended: z.object({ seconds: z.number().min(0).max(1e9), end }).nullable(),
});

/** In the process that runs them. */
export function sayPrograms(write: (line: string) => void): void {
  traceInto(({ argv }, note) => {
    const ended = note.kind === "ended" ? { seconds: note.seconds, end: note.end } : null;
    const words = blotArguments(argv.map(blotKnown));
    const line = JSON.stringify({ argv: words, number: note.number, ended });
    if (line.length < MAX_LINE) write(`${MARK}${line}\n`);
  });
}

/**
 * In the process that records them: takes what the other said on stderr, and gives what of it is something else. `place`
 * makes of its argv how it is run from here.
 */
export function relayPrograms(place: (argv: readonly string[]) => TracedProgram): (text: string) => string {
  const numbers = new Map<number, number>();
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    const others = lines.filter((line) => !line.startsWith(MARK));
    for (const line of lines) if (line.startsWith(MARK)) relay(line.slice(MARK.length), { place, numbers });
    // An unfinished line is kept only while it may be one of them.
    const waits = rest.length < MAX_LINE && (rest.startsWith(MARK) || MARK.startsWith(rest));
    const now = waits ? "" : rest;
    if (!waits) rest = "";
    return others.map((line) => `${line}\n`).join("") + now;
  };
}

function relay(
  line: string,
  { place, numbers }: { place: (argv: readonly string[]) => TracedProgram; numbers: Map<number, number> },
): void {
  const sink = traceSink();
  const parsed = parse(line);
  if (sink === null || parsed === null) return;
  const { argv, number, ended } = parsed;
  if (ended === null && number !== null && numbers.size < MAX_OPEN) numbers.set(number, nextNumber());
  const own = number === null ? null : (numbers.get(number) ?? null);
  // Its clock may be wrong: times are of ours.
  const now = Date.now();
  const note: TraceNote | null =
    ended !== null
      ? { kind: "ended", at: new Date(now - ended.seconds * 1000), ...ended, number: own }
      : own === null
        ? null
        : { kind: "begun", at: new Date(now), number: own };
  if (note !== null) sink(place(argv), note);
  if (ended !== null && number !== null) numbers.delete(number);
}

function parse(line: string): z.infer<typeof said> | null {
  try {
    return said.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
