// SPDX-License-Identifier: Apache-2.0
// How far each disk is, in one line. Pure: the clock is given.
import { formatBytes, formatSeconds, type JobEvent } from "../../core/index.ts";
import { Meter } from "./meter.ts";

type Progress = Extract<JobEvent, { type: "progress" }>;
type Bar = { readonly disk: string; readonly meter: Meter; done: number; total: number };

export class Bars {
  readonly #bars = new Map<string, Bar>();

  clear(): void {
    this.#bars.clear();
  }

  set({ disk, doneBytes, totalBytes }: Progress, nowMs: number): void {
    const bar = this.#bars.get(disk) ?? { disk, meter: new Meter(), done: 0, total: 0 };
    this.#bars.set(disk, bar);
    bar.done = doneBytes;
    bar.total = totalBytes;
    bar.meter.add(nowMs, doneBytes);
  }

  /** `disk 1  42 %: 0.8 of 1.9 GiB, 160 MiB/s, 7 s left`, and the total in front when there are several disks; or nothing. */
  text(): string {
    const bars = [...this.#bars.values()];
    if (bars.length === 0) return "";
    const parts = bars.map((bar) => `disk ${bar.disk} ${percent(bar.done, bar.total)}`);
    const done = bars.reduce((sum, bar) => sum + bar.done, 0);
    const total = bars.reduce((sum, bar) => sum + bar.total, 0);
    const rates = bars.map((bar) => bar.meter.read(bar.total).bytesPerSecond);
    const rate = rates.every((known) => known === null)
      ? null
      : rates.reduce<number>((sum, known) => sum + (known ?? 0), 0);
    const left = rate === null || rate <= 0 ? "" : `, ${formatSeconds((total - done) / rate)} left`;
    const speed = rate === null ? "" : `, ${formatBytes(rate)}/s`;
    const head = bars.length === 1 ? (parts[0] ?? "") : `all ${percent(done, total)}`;
    const tail = bars.length === 1 ? "" : ` (${parts.join(", ")})`;
    return `${head}: ${formatBytes(done)} of ${formatBytes(total)} verified${speed}${left}${tail}`;
  }
}

function percent(done: number, total: number): string {
  return total === 0 ? "100 %" : `${Math.floor((done / total) * 100)} %`;
}
