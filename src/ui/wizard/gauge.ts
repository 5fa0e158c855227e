// SPDX-License-Identifier: Apache-2.0
// Job events as what dialog's gauge shows: the phases that are done, the one that runs, rate and time left. Pure but for
// the clock that is given.
import { formatBytes, formatSeconds, type JobEvent, type Phase } from "../../core/index.ts";
import { Meter } from "../print/meter.ts";
import { cutTo } from "../text/columns.ts";
import { wrapLines } from "../text/wrap.ts";
import { asciiText, TEXT_COLUMNS, TEXT_ROWS } from "./box.ts";

const TITLES: Readonly<Record<Phase, string>> = {
  inspect: "look at the source",
  overlay: "overlay above the disks",
  plan: "plan",
  convert: "convert, on the overlay",
  copy: "copy used blocks, verify each",
  verify: "proof that the source is as before",
  define: "definitions",
  boot: "boot check, on a throw-away overlay",
};

type Bar = { done: number; total: number };

/** Of one step; dialog would cut what is wider than its box, and what is below it. */
const STEP_LINES = 3;

export class Gauge {
  readonly #lines: string[] = [];
  readonly #steps: string[] = [];
  readonly #bars = new Map<string, Bar>();
  readonly #now: () => number;
  #meter = new Meter();
  #running: { phase: Phase; atMs: number } | null = null;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A line for people, where events are not all. */
  take(event: JobEvent): void {
    switch (event.type) {
      case "phase":
        this.#steps.length = 0;
        this.#bars.clear();
        this.#meter = new Meter();
        if (event.state === "begun") this.#running = { phase: event.phase, atMs: this.#now() };
        else if (this.#running !== null) {
          const seconds = (this.#now() - this.#running.atMs) / 1000;
          if (seconds >= 1) this.#lines.push(`[x] ${TITLES[event.phase]}: ${formatSeconds(seconds)}`);
          this.#running = null;
        }
        return;
      case "step":
        this.#steps.push(event.text);
        return;
      case "problem":
        this.#steps.push(`${event.problem.severity === "notes" ? "Note" : "Warning"}: ${event.problem.text}`);
        return;
      case "progress":
        this.#bars.set(event.disk, { done: event.doneBytes, total: event.totalBytes });
        this.#meter.add(this.#now(), this.#sum().done);
        return;
      case "console":
        return;
    }
  }

  #sum(): Bar {
    const bars = [...this.#bars.values()];
    return {
      done: bars.reduce((sum, bar) => sum + bar.done, 0),
      total: bars.reduce((sum, bar) => sum + bar.total, 0),
    };
  }

  percent(): number {
    const { done, total } = this.#sum();
    return total === 0 ? 0 : Math.min(100, Math.floor((done / total) * 100));
  }

  text(): string {
    const { done, total } = this.#sum();
    const { bytesPerSecond, secondsLeft } = this.#meter.read(total);
    const rate = bytesPerSecond === null ? "" : `, ${formatBytes(bytesPerSecond)}/s`;
    const left = secondsLeft === null ? "" : `, ${formatSeconds(secondsLeft)} left`;
    const lines = this.#lines.slice(-8);
    if (this.#running !== null) lines.push(`[ ] ${TITLES[this.#running.phase]} ...`);
    if (total > 0) lines.push(`    ${formatBytes(done)} of ${formatBytes(total)} verified${rate}${left}`);
    const head = [...lines, ""].map((line) => cutTo(asciiText(line), TEXT_COLUMNS, "..."));
    return [...head, ...this.#lastSteps(TEXT_ROWS - head.length)].join("\n");
  }

  /** As many as there is room for, broken at words; the last one always. */
  #lastSteps(rows: number): readonly string[] {
    let shown: readonly string[] = [];
    for (const step of this.#steps.toReversed()) {
      const lines = stepLines(step);
      if (shown.length > 0 && shown.length + lines.length > rows) break;
      shown = [...lines, ...shown];
    }
    return shown;
  }

  /** As dialog --gauge reads it (its manual): XXX, percent, text, XXX. */
  render(): string {
    return `XXX\n${this.percent()}\n${this.text()}\nXXX\n`;
  }
}

function stepLines(step: string): readonly string[] {
  const lines = wrapLines(`  ${asciiText(step).replaceAll("\n", " ")}`, TEXT_COLUMNS).split("\n");
  const kept = lines.slice(0, STEP_LINES).map((line) => cutTo(line, TEXT_COLUMNS, "..."));
  if (lines.length <= STEP_LINES) return kept;
  const last = cutTo(kept.at(-1) ?? "", TEXT_COLUMNS - 4, "");
  return [...kept.slice(0, -1), `${last} ...`];
}
