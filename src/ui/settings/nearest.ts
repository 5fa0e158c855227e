// SPDX-License-Identifier: Apache-2.0
// Which of the words that are known was meant by one that is not.

/** More wrong letters than these make another word. */
const MAX_WRONG = 2;
const MAX_LENGTH = 40;

/** null where none is near. */
export function nearest(given: string, known: readonly string[]): string | null {
  if (given.length > MAX_LENGTH) return null;
  const limit = Math.min(MAX_WRONG, Math.ceil(given.length / 3));
  const found = known
    .map((word) => ({ word, wrong: distance(given, word) }))
    .filter(({ wrong }) => wrong <= limit)
    .toSorted((a, b) => a.wrong - b.wrong);
  return found[0]?.word ?? null;
}

/** Letters to insert, remove or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
