// SPDX-License-Identifier: Apache-2.0
// fast-check with its seed printed, so that a failure elsewhere can be repeated: P2V_SEED=123 npm test.
import fc from "fast-check";
import type { TestContext } from "node:test";

const seed: number = Number(process.env["P2V_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Checks a law and says the seed, also when it holds. */
export async function check<T>(
  t: TestContext,
  law: fc.IPropertyWithHooks<T> | fc.IAsyncPropertyWithHooks<T>,
  { runs = 300 }: { runs?: number } = {},
): Promise<void> {
  t.diagnostic(`seed ${seed}`);
  await fc.assert(law, { seed, numRuns: runs });
}
