// SPDX-License-Identifier: Apache-2.0
// Workers that share a queue over several lanes. The pool knows nothing of disks: what is under way when something fails goes
// back into the queue, so that a later pool ends the work.
import { Slots } from "../wire/index.ts";

/** Work for several workers; what one could not finish is given back, and comes first. */
export class WorkQueue<Work> {
  readonly #work: Iterator<Work>;
  readonly #again: Work[] = [];

  constructor(work: Iterator<Work>) {
    this.#work = work;
  }

  next(): Work | null {
    const again = this.#again.pop();
    if (again !== undefined) return again;
    const { done, value } = this.#work.next();
    return done === true ? null : value;
  }

  giveBack(work: Work): void {
    this.#again.push(work);
  }
}

type PoolOptions<Work, Lane> = {
  readonly lanes: readonly Lane[];
  /** Each with so many workers ... */
  readonly workersPerLane: number;
  /** ... which begin no more work while so much of the lane is not durable. */
  readonly windowPerLane: number;
  /** Resolves when the work is on its way, `durable` when it is done. */
  readonly send: (work: Work, lane: Lane) => Promise<{ readonly durable: Promise<void> }>;
  readonly signal: AbortSignal;
};

/**
 * Resolves when the queue is empty and all work is durable. The first failure, or the signal, aborts the lanes, and with
 * them all who wait; that failure is thrown.
 */
export async function runWorkers<Work, Lane extends { abort(reason: unknown): void }>(
  queue: WorkQueue<Work>,
  { lanes, workersPerLane, windowPerLane, send, signal }: PoolOptions<Work, Lane>,
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const abortLanes = (): void => lanes.forEach((lane) => lane.abort(stop.reason));
  stop.addEventListener("abort", abortLanes, { once: true });

  const runWorker = async (lane: Lane, window: Slots): Promise<void> => {
    for (let next = queue.next(); next !== null; next = queue.next()) {
      const work = next;
      const fail = (error: unknown): void => {
        queue.giveBack(work);
        failed.abort(error); // only the first counts
      };
      await window.take();
      try {
        stop.throwIfAborted();
        const { durable } = await send(work, lane);
        durable.catch(fail).finally(() => window.give());
      } catch (error) {
        window.give();
        return fail(error);
      }
    }
  };
  const runLane = async (lane: Lane): Promise<void> => {
    const window = new Slots(windowPerLane);
    await Promise.all(Array.from({ length: workersPerLane }, () => runWorker(lane, window)));
    await window.idle();
  };
  await Promise.all(lanes.map(runLane));
  stop.removeEventListener("abort", abortLanes);
  stop.throwIfAborted();
}
