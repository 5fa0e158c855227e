// SPDX-License-Identifier: Apache-2.0
// The trace of this process: off, or one file. Whoever starts a program says so here; there is no other state.
import type { ChildProcess } from "node:child_process";
import { TraceFile } from "./file.ts";
import { renderTraceLine, type TracedEnd, type TracedProgram, type TraceNote } from "./line.ts";

/** Takes what is recorded. */
export type TraceSink = (program: TracedProgram, note: TraceNote) => void;

let current: TraceSink | null = null;
let begun = 0;

/** Numbers are of this process. */
export function nextNumber(): number {
  begun += 1;
  return begun;
}

/** A program that is not over by then gets a line of its own: when we are killed, what we waited for is there. */
const PATIENCE_MS = 1000;

export type Trace = Disposable & {
  /** Why lines are missing, other than that there are too many; null: none are. */
  readonly trouble: string | null;
};

/** From here on. One at a time: a second one takes the place of the first until it is disposed. */
export function startTrace(path: string): Trace {
  const file = new TraceFile(path);
  const before = current;
  current = (program, note) => {
    const failed = note.kind === "ended" && (note.end.kind !== "exit" || note.end.code !== 0);
    file.write(renderTraceLine(program, note), { failed });
  };
  return {
    get trouble() {
      return file.trouble;
    },
    [Symbol.dispose]() {
      current = before;
      file.close();
    },
  };
}

/** For the whole life of this process. */
export function traceInto(sink: TraceSink): void {
  current = sink;
}

/** null: nothing is recorded now. */
export const traceSink = (): TraceSink | null => current;

export interface Traced {
  ended(end: TracedEnd): void;
}

const UNTRACED: Traced = { ended: () => undefined };

export type TraceOptions = {
  /** It is to run beside us: its begin is recorded at once. */
  readonly long?: boolean;
  /** Recorded only where it fails, or takes long. */
  readonly quiet?: boolean;
};

/** A program begins. */
export function traceProgram(
  program: TracedProgram,
  { long = false, quiet = false }: TraceOptions = {},
): Traced {
  const sink = current;
  if (sink === null) return UNTRACED;
  const at = new Date();
  const since = performance.now();
  let number: number | null = null;
  let isOver = false;
  const begin = (): void => {
    number = nextNumber();
    sink(program, { kind: "begun", at, number });
  };
  const patience = long ? null : setTimeout(begin, PATIENCE_MS).unref();
  if (long) begin();
  return {
    ended(end) {
      if (isOver) return;
      isOver = true;
      if (patience !== null) clearTimeout(patience);
      const seconds = (performance.now() - since) / 1000;
      const isGood = end.kind === "exit" && end.code === 0;
      if (quiet && isGood && number === null) return;
      sink(program, { kind: "ended", at, seconds, end, number });
    },
  };
}

/** The same of a child of ours, whose end is seen. */
export function traceChild(child: ChildProcess, program: TracedProgram, options: TraceOptions = {}): Traced {
  if (current === null) return UNTRACED;
  const traced = traceProgram(program, options);
  child.once("exit", (code, signal) =>
    traced.ended(code === null ? { kind: "signal", signal: signal ?? "?" } : { kind: "exit", code }),
  );
  child.once("error", (error: NodeJS.ErrnoException) =>
    traced.ended({ kind: "not-started", why: error.code ?? error.message }),
  );
  return traced;
}
