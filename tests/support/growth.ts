// SPDX-License-Identifier: Apache-2.0
// Is work on four times as much done in about four times the time? Asked in CPU time, of this machine against itself: a
// busy or slow one fails no test.
import assert from "node:assert/strict";

/** On the texts of these tests, quadratic work takes this on any machine: 32 Ki characters are 2^30 steps. */
const FAR_FROM_QUADRATIC_SECONDS = 0.25;
/** Between 4, which is linear, and 16, which is quadratic. */
const MAX_GROWTH = 9;

type Work = (scale: 1 | 4) => unknown;

/** `work` does what is measured on a text of `scale` times some size. What takes less than `enoughSeconds` passes. */
export async function assertLinear(
  what: string,
  work: Work,
  { enoughSeconds = FAR_FROM_QUADRATIC_SECONDS } = {},
): Promise<void> {
  const first = await cpuSeconds(work, 4);
  if (first < enoughSeconds) return;
  const large = Math.min(first, await cpuSeconds(work, 4));
  const small = Math.min(await cpuSeconds(work, 1), await cpuSeconds(work, 1));
  assert.ok(large < MAX_GROWTH * small, `${what}: ${small} s, and ${large} s for four times as much`);
}

/** `unit` again and again: `scale` times 8 Ki characters. */
export function filled(unit: string, scale: 1 | 4): string {
  const length = 2 ** 13 * scale;
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

async function cpuSeconds(work: Work, scale: 1 | 4): Promise<number> {
  const before = process.cpuUsage();
  await work(scale);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
