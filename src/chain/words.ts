// SPDX-License-Identifier: Apache-2.0
// The words of a kernel's command line, as the kernel takes them apart (lib/cmdline.c): blanks inside of quotes part nothing. Pure.

export function kernelWords(words: string): readonly string[] {
  return [...words.matchAll(/(?:"[^"]*"?|[^\s"])+/g)].map(([word]) => word.replaceAll('"', ""));
}

/** The last of a word counts; null: it is not there. */
export function lastWord(words: string, key: string): string | null {
  const values = kernelWords(words).filter((word) => word.startsWith(`${key}=`));
  return values.at(-1)?.slice(key.length + 1) ?? null;
}
