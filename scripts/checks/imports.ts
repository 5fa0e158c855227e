// SPDX-License-Identifier: Apache-2.0
// Which source file needs which: what a change touches, and what has not changed, both follow from that.
import { hash } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export type Source = {
  readonly hash: string;
  readonly imports: readonly string[];
  readonly startsPrograms: boolean;
  /** It names the program of this repository, as what it starts or brings to a host. */
  readonly namesProgram: boolean;
};
export type Sources = ReadonlyMap<string, Source>;

/** Also of a script that a test writes for another process. */
const IMPORT = /\b(?:from|import|new URL)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

const STARTS = /\b(?:run|spawn|spawnSync|runPart|runTests|runScript)\(/;

const PROGRAM = /\bbin\/(?:virt-p2v|main|agent)\b|\bP2V_(?:SRC|TEST_PROGRAM)\b/;

/** Whether a test starts programs itself, or by the contract that it keeps. */
export function startsPrograms(path: string, sources: Sources): boolean {
  const { imports = [] } = sources.get(path) ?? {};
  return [path, ...imports.filter((each) => each.startsWith("tests/contract/"))].some(
    (each) => sources.get(each)?.startsPrograms === true,
  );
}

/** Paths as written from `directory`, which is the repository. */
export function parseImports(path: string, text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].map(([, target = ""]) => join(dirname(path), target));
}

export async function readSources(): Promise<Sources> {
  const paths = await Array.fromAsync(glob("{bin,src,scripts,tests,bench,lab}/**/*.ts"));
  const read = async (path: string): Promise<[string, Source]> => {
    const text = await readFile(path, "utf8");
    return [
      path,
      {
        hash: hash("sha256", text),
        imports: parseImports(path, text),
        startsPrograms: STARTS.test(text),
        namesProgram: PROGRAM.test(text),
      },
    ];
  };
  return new Map(await Promise.all(paths.toSorted().map(read)));
}

/** How many imports lie between `path` and the nearest of `changed`; Infinity: it needs none of them. */
export function distanceTo(changed: ReadonlySet<string>, path: string, sources: Sources): number {
  let distance = 0;
  for (const seen = new Set([path]), level = [path]; level.length > 0; distance += 1) {
    if (level.some((each) => changed.has(each))) return distance;
    const next = level.splice(0).flatMap((each) => sources.get(each)?.imports ?? []);
    for (const each of next) {
      if (seen.has(each)) continue;
      seen.add(each);
      level.push(each);
    }
  }
  return Number.POSITIVE_INFINITY;
}

/** A file and all that it needs, however far away. */
export function closureOf(path: string, sources: Sources): ReadonlySet<string> {
  const seen = new Set([path]);
  for (const each of seen) for (const target of sources.get(each)?.imports ?? []) seen.add(target);
  return seen;
}

/** One hash of all of them. */
export function closureHash(path: string, sources: Sources): string {
  const parts = [...closureOf(path, sources)]
    .toSorted()
    .map((each) => `${each} ${sources.get(each)?.hash ?? "absent"}`);
  return hash("sha256", [path, ...parts].join("\n"));
}
