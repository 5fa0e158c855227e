// SPDX-License-Identifier: Apache-2.0
// A pool does all work once, keeps to its window, and after a failure leaves what is not durable to the next pool.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runWorkers, WorkQueue } from "./worker-pool.ts";

class TestLane {
  readonly aborts: unknown[] = [];
  /** Acknowledges each number that was sent, when the test says so. */
  readonly open = new Map<number, PromiseWithResolvers<void>>();

  abort(reason: unknown): void {
    this.aborts.push(reason);
    for (const { reject } of this.open.values()) reject(reason);
  }
}

const { signal } = new AbortController();
const numbers = (count: number): WorkQueue<number> =>
  new WorkQueue(Array.from({ length: count }, (_, n) => n).values());

/** Lets all that can go on go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function track(): {
  sent: number[];
  send: (work: number, lane: TestLane) => Promise<{ durable: Promise<void> }>;
} {
  const sent: number[] = [];
  return {
    sent,
    send(work, lane) {
      const ack = Promise.withResolvers<void>();
      sent.push(work);
      lane.open.set(work, ack);
      return Promise.resolve({ durable: ack.promise.finally(() => lane.open.delete(work)) });
    },
  };
}

test("all work is sent once, never more than the window of a lane is open, and the pool waits for the last", async () => {
  const lanes = [new TestLane(), new TestLane()];
  const { sent, send } = track();
  const progress = { done: false };
  const pool = runWorkers(numbers(50), { lanes, workersPerLane: 3, windowPerLane: 4, send, signal }).then(
    () => {
      progress.done = true;
    },
  );
  while (!progress.done) {
    await settle();
    for (const { open } of lanes) {
      assert.ok(open.size <= 4, `${open.size} are open`);
      assert.ok(open.size === 0 || !progress.done, "it waits for all that is open");
      open.values().next().value?.resolve();
    }
  }
  await pool;
  assert.deepEqual(
    sent.toSorted((a, b) => a - b),
    Array.from({ length: 50 }, (_, n) => n),
  );
  assert.deepEqual(
    lanes.flatMap(({ aborts }) => aborts),
    [],
  );
});

test("a failure aborts each lane, is thrown, and what was not durable comes again", async () => {
  const lanes = [new TestLane(), new TestLane()];
  const { sent, send } = track();
  const queue = numbers(20);
  const pool = runWorkers(queue, { lanes, workersPerLane: 2, windowPerLane: 2, send, signal });
  const failed = assert.rejects(pool, /link/);
  await settle();
  const [durable, broken] = sent;
  const ackOf = (work = -1): PromiseWithResolvers<void> | undefined =>
    lanes.map(({ open }) => open.get(work)).find((ack) => ack !== undefined);
  ackOf(durable)?.resolve();
  await settle();
  ackOf(broken)?.reject(new Error("link"));
  await failed;
  for (const { aborts } of lanes) assert.match(String(aborts[0]), /link/);
  const left: number[] = [];
  for (let work = queue.next(); work !== null; work = queue.next()) left.push(work);
  assert.deepEqual(
    left.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, n) => n).filter((n) => n !== durable),
  );
});

test("work that cannot even be sent, and the caller's signal, end the pool too", async () => {
  const lane = new TestLane();
  const refuse = (): Promise<never> => Promise.reject(new Error("disk"));
  const one = { lanes: [lane], workersPerLane: 1, windowPerLane: 1 };
  const queue = numbers(3);
  await assert.rejects(runWorkers(queue, { ...one, send: refuse, signal }), /disk/);
  assert.equal(queue.next(), 0);

  const caller = new AbortController();
  const { send } = track();
  const pool = runWorkers(numbers(9), { ...one, send, signal: caller.signal });
  const stopped = assert.rejects(pool, /Ctrl-C/);
  await settle();
  caller.abort(new Error("Ctrl-C"));
  await stopped;
});
