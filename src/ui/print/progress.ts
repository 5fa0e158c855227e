// SPDX-License-Identifier: Apache-2.0
// Job events as text: a living line on a terminal, a line every few seconds elsewhere; or JSON lines.
import { type Emit, formatBytes, formatSeconds, type JobEvent, type Phase } from "../../core/index.ts";
import { Meter } from "./meter.ts";
import { plain, renderJson } from "../text/plain.ts";

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

export type Printer = { readonly emit: Emit; close(): void };

type Output = { write(text: string): void; readonly isTerminal: boolean; readonly columns: number };

/** One JSON object a line. */
export function jsonPrinter(write: (text: string) => void): Printer {
  return { emit: (event) => write(`${renderJson(event)}\n`), close: () => undefined };
}

export function textPrinter(output: Output, now: () => number = () => performance.now()): Printer {
  const bars = new Map<string, Bar>();
  let shown = "";
  let drawnAt = Number.NEGATIVE_INFINITY;
  const begun = new Map<Phase, number>();

  const wipe = (): void => {
    if (output.isTerminal && shown !== "") output.write(`\r${" ".repeat(shown.length)}\r`);
    shown = "";
  };
  const line = (text: string): void => {
    wipe();
    output.write(`${plain(text)}\n`);
  };
  const draw = (force: boolean): void => {
    const every = output.isTerminal ? 200 : 5000;
    if (!force && now() - drawnAt < every) return;
    drawnAt = now();
    const text = renderBars([...bars.values()]);
    if (text === "") return;
    if (!output.isTerminal) {
      output.write(`  ${text}\n`);
      return;
    }
    const cut = `  ${text}`.slice(0, Math.max(20, output.columns - 1));
    output.write(`\r${cut}${" ".repeat(Math.max(0, shown.length - cut.length))}`);
    shown = cut;
  };

  const emit = (event: JobEvent): void => {
    switch (event.type) {
      case "phase": {
        if (event.state === "begun") {
          begun.set(event.phase, now());
          bars.clear();
          line(PHASE_TITLES[event.phase]);
        } else {
          if (bars.size > 0) draw(true);
          bars.clear();
          line(`  done in ${formatSeconds((now() - (begun.get(event.phase) ?? now())) / 1000)}`);
        }
        return;
      }
      case "step":
        line(`  ${event.text}`);
        return;
      case "progress": {
        const bar = bars.get(event.disk) ?? {
          disk: event.disk,
          meter: new Meter(),
          done: 0,
          total: 0,
          sent: 0,
        };
        bars.set(event.disk, bar);
        bar.done = event.doneBytes;
        bar.total = event.totalBytes;
        bar.sent = event.sentBytes;
        bar.meter.add(now(), event.doneBytes);
        draw(false);
        return;
      }
      case "problem":
        line(`  ${event.problem.severity === "notes" ? "Note" : "Warning"}: ${event.problem.text}`);
        if (event.problem.advice !== "") line(`    ${event.problem.advice}`);
        return;
      case "console":
        return; // the report has it; a terminal would be flooded
    }
  };
  return { emit, close: wipe };
}

type Bar = { disk: string; meter: Meter; done: number; total: number; sent: number };

/** `disk 1  42 %  0.8 of 1.9 GiB  160 MiB/s  7 s left`, and the total in front when there are several disks. */
function renderBars(bars: readonly Bar[]): string {
  const parts = bars.map((bar) => `disk ${bar.disk} ${percent(bar.done, bar.total)}`);
  const done = bars.reduce((sum, bar) => sum + bar.done, 0);
  const total = bars.reduce((sum, bar) => sum + bar.total, 0);
  if (bars.length === 0) return "";
  const rates = bars.map((bar) => bar.meter.read(bar.total).bytesPerSecond);
  const rate = rates.every((one) => one === null)
    ? null
    : rates.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  const left = rate === null || rate <= 0 ? "" : `, ${formatSeconds((total - done) / rate)} left`;
  const speed = rate === null ? "" : `, ${formatBytes(rate)}/s`;
  const head = bars.length === 1 ? (parts[0] ?? "") : `all ${percent(done, total)}`;
  const tail = bars.length === 1 ? "" : ` (${parts.join(", ")})`;
  return `${head}: ${formatBytes(done)} of ${formatBytes(total)} verified${speed}${left}${tail}`;
}

function percent(done: number, total: number): string {
  return total === 0 ? "100 %" : `${Math.floor((done / total) * 100)} %`;
}
