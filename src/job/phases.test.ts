// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobEvent } from "../core/index.ts";
import { startPhases } from "./phases.ts";

const words = (events: readonly JobEvent[]): readonly string[] =>
  events.map((event) => (event.type === "phase" ? `${event.phase} ${event.state}` : event.type));

test("what is done ahead of a phase is timed with it, and the phase is announced once", async () => {
  const events: JobEvent[] = [];
  let nowMs = 0;
  const phases = startPhases(
    (event) => events.push(event),
    () => nowMs,
  );
  const wait = async (seconds: number): Promise<void> => void (nowMs += seconds * 1000);
  await phases.run("inspect", () => wait(3));
  assert.equal(await phases.ahead("verify", () => wait(10).then(() => "before")), "before");
  await phases.run("verify", () => wait(100));
  assert.deepEqual(phases.seconds(), { inspect: 3, verify: 110 });
  assert.deepEqual(words(events), ["inspect begun", "inspect done", "verify begun", "verify done"]);
});

test("a phase that fails is not done", async () => {
  const events: JobEvent[] = [];
  const phases = startPhases((event) => events.push(event));
  await assert.rejects(
    phases.run("copy", () => Promise.reject(new Error("cut"))),
    /cut/,
  );
  assert.deepEqual(words(events), ["copy begun"]);
});
