// SPDX-License-Identifier: Apache-2.0
// Job events as text: what happened as lines, what goes on as one living line of a terminal; or JSON lines.
import { type Emit, formatSeconds, type JobEvent, type Phase } from "../../core/index.ts";
import { columnsOf, cutTo } from "../text/columns.ts";
import { plain, renderJson } from "../text/plain.ts";
import { wrapLines } from "../text/wrap.ts";
import { Bars } from "./bars.ts";

const PHASE_TITLES: Readonly<Record<Phase, string>> = {
  inspect: "Looking at the source",
  overlay: "Overlay",
  plan: "Plan",
  convert: "Converting, on the overlay",
  copy: "Copying used blocks",
  verify: "Proof",
  define: "Writing definitions",
  boot: "Boot check, on a throw-away overlay",
};

/** Their steps lead to the plan, which says what came of them. */
const PASSING: ReadonlySet<Phase> = new Set(["inspect", "overlay", "plan"]);

export type Printer = { readonly emit: Emit; close(): void };

export type Output = {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Infinity where it is none. */
  readonly columns: number;
  /** Each step stays as a line. */
  readonly verbose: boolean;
};

/** One JSON object a line. */
export function jsonPrinter(write: (text: string) => void): Printer {
  return { emit: (event) => write(`${renderJson(event)}\n`), close: () => undefined };
}

const LIVING_EVERY_MS = 200;
const LINE_EVERY_MS = 5000;

export function textPrinter(output: Output, now: () => number = () => performance.now()): Printer {
  const bars = new Bars();
  const living = new LivingLine(output);
  let drawnAt = Number.NEGATIVE_INFINITY;
  /** The phase that runs; on a terminal its title is a line once something is said below it. */
  let running: { readonly title: string; readonly begunMs: number; titleIsLine: boolean } | null = null;

  const line = (text: string): void => {
    living.wipe();
    if (running !== null && !running.titleIsLine) {
      running.titleIsLine = true;
      output.write(`${running.title}\n`);
    }
    output.write(`${wrapLines(plain(text), output.columns)}\n`);
  };
  const drawBars = (force: boolean): void => {
    if (!force && now() - drawnAt < (output.isTerminal ? LIVING_EVERY_MS : LINE_EVERY_MS)) return;
    drawnAt = now();
    const text = bars.text();
    if (text === "") return;
    if (output.isTerminal) living.show(`  ${text}`);
    else line(`  ${text}`);
  };

  const emit = (event: JobEvent): void => {
    switch (event.type) {
      case "phase": {
        if (event.state === "done" && bars.text() !== "") drawBars(true);
        bars.clear();
        if (event.state === "begun") {
          running = { title: PHASE_TITLES[event.phase], begunMs: now(), titleIsLine: true };
          if (output.isTerminal) {
            running.titleIsLine = false;
            living.show(`${running.title} ...`);
          } else output.write(`${running.title}\n`);
          return;
        }
        if (running === null) return;
        const { title, begunMs, titleIsLine } = running;
        const took = `done in ${formatSeconds((now() - begunMs) / 1000)}`;
        running = null;
        line(titleIsLine ? `  ${took}` : `${title}: ${took}`);
        return;
      }
      case "step":
        if (output.verbose || !PASSING.has(event.phase)) line(`  ${event.text}`);
        else if (output.isTerminal) living.show(`  ${event.text} ...`);
        return;
      case "progress":
        bars.set(event, now());
        drawBars(false);
        return;
      case "problem": {
        const { severity, text, advice } = event.problem;
        line(`  ${severity === "notes" ? "Note" : "Warning"}: ${text}`);
        line(`    ${advice}`);
        return;
      }
      case "console":
        return; // the report has it; a terminal would be flooded
    }
  };
  return { emit, close: () => living.wipe() };
}

/** A line that is written over, and never longer than the terminal is wide. */
class LivingLine {
  readonly #output: Output;
  #shown = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(text: string): void {
    const cut = cutTo(plain(text).replaceAll(/[\n\t]/g, " "), this.#output.columns - 1, "...");
    const columns = columnsOf(cut);
    this.#output.write(`\r${cut}${" ".repeat(Math.max(0, this.#shown - columns))}`);
    this.#shown = columns;
  }

  wipe(): void {
    if (this.#shown > 0) this.#output.write(`\r${" ".repeat(this.#shown)}\r`);
    this.#shown = 0;
  }
}
