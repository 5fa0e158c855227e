// SPDX-License-Identifier: Apache-2.0
// How hard cells are compressed: as the user said, or by what is the bottleneck just now, the link or the CPU.
import { cpus } from "node:os";

/** `auto`, or `none`, or a level of zstd. */
export type Compress = "auto" | "none" | number;

/** In a span of time: where the time of those who bring cells on their way went, and what this machine had left. */
export type Load = {
  /** Of their time, the part in which they waited for the link. 0 to 1. */
  readonly linkShare: number;
  /** Of all cores, the part that nobody used. 0 to 1. */
  readonly idleShare: number;
};

/** Over ssh level 1 always pays: encrypting a byte costs more than not having to (measured, doc/ARCHITECTURE.md). */
const LOWEST = 1;
/** Beyond, twice the time gives 1 % fewer bytes. */
const HIGHEST = 9;

/** Waiting for the link with cores idle: harder. Cores busy and the link not: easier. Else as it is. Pure. */
export function nextLevel(level: number, { linkShare, idleShare }: Load, highest = HIGHEST): number {
  if (linkShare > 0.5 && idleShare > 0.25) return Math.min(highest, level + 1);
  if (linkShare < 0.25 && idleShare < 0.05) return Math.max(LOWEST, level - 1);
  return level;
}

/** Shorter spans are mostly noise; a slow link is known within seconds all the same. */
const SPAN_MS = 400;
/** After so long a level that was too hard is tried again. */
const FORGET_MS = 20_000;

type Times = { readonly busyMs: number; readonly idleMs: number };

function cpuTimes(): Times {
  let [busyMs, idleMs] = [0, 0];
  for (const { times } of cpus()) {
    busyMs += times.user + times.nice + times.sys + times.irq;
    idleMs += times.idle;
  }
  return { busyMs, idleMs };
}

export class Compression {
  #level: number | null;
  readonly #isAuto: boolean;
  #span = { begun: performance.now(), workMs: 0, linkMs: 0, cpu: cpuTimes() };
  #ceiling = { level: HIGHEST, until: 0 };

  constructor(compress: Compress) {
    this.#isAuto = compress === "auto";
    this.#level = compress === "none" ? null : compress === "auto" ? LOWEST : compress;
  }

  /** Of zstd; null: not at all. */
  get level(): number | null {
    return this.#level;
  }

  /** A cell went out: `workMs` until it was packed, then `linkMs` until the link had taken it. */
  count({ workMs, linkMs }: { readonly workMs: number; readonly linkMs: number }): void {
    this.#span.workMs += workMs;
    this.#span.linkMs += linkMs;
    if (this.#isAuto && performance.now() - this.#span.begun >= SPAN_MS) this.#choose();
  }

  #choose(): void {
    const { workMs, linkMs, cpu } = this.#span;
    const now = performance.now();
    const times = cpuTimes();
    this.#span = { begun: now, workMs: 0, linkMs: 0, cpu: times };
    const idle = times.idleMs - cpu.idleMs;
    const all = idle + times.busyMs - cpu.busyMs;
    if (all <= 0 || workMs + linkMs <= 0 || this.#level === null) return;
    const load = { linkShare: linkMs / (workMs + linkMs), idleShare: idle / all };
    const highest = now < this.#ceiling.until ? this.#ceiling.level : HIGHEST;
    const level = nextLevel(this.#level, load, highest);
    if (level < this.#level) this.#ceiling = { level, until: now + FORGET_MS };
    this.#level = level;
  }
}
