// SPDX-License-Identifier: Apache-2.0
// fast-check with its seed printed, so that a failure elsewhere can be repeated: P2V_SEED=123 npm test.
import fc from "fast-check";
import type { TestContext } from "node:test";

const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;

const seed: number = Number(process.env["P2V_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/**
 * Any character of Unicode. fast-check's own `unit: "binary"` is the same, but makes a table of all 1.1 million of them
 * wherever it is used: two seconds and 300 MiB.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat(0x10ffff - SURROGATES)
  .map((index) => String.fromCodePoint(index < FIRST_SURROGATE ? index : index + SURROGATES), indexOf);

/** For strings that fast-check knows to be dangerous. */
function indexOf(value: unknown): number {
  const code = typeof value === "string" ? (value.codePointAt(0) ?? -1) : -1;
  if (
    code < 0 ||
    value !== String.fromCodePoint(code) ||
    (code >= FIRST_SURROGATE && code < FIRST_SURROGATE + SURROGATES)
  )
    throw new Error("Not one character");
  return code < FIRST_SURROGATE ? code : code - SURROGATES;
}

/** Checks a law and says the seed, also when it holds. */
export async function check<T>(
  t: TestContext,
  law: fc.IPropertyWithHooks<T> | fc.IAsyncPropertyWithHooks<T>,
  { runs = 300 }: { runs?: number } = {},
): Promise<void> {
  t.diagnostic(`seed ${seed}`);
  await fc.assert(law, { seed, numRuns: runs });
}
