// SPDX-License-Identifier: Apache-2.0
// In which order test files run: what the change touches first, then what took longest. It never decides whether.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { CACHE } from "./cache.ts";
import { distanceTo, readSources, type Sources } from "./imports.ts";

const SECONDS_FILE = `${CACHE}/test-seconds.json`;

export type Seconds = Readonly<Record<string, number>>;

/** How long each file took when it last ran here; a file that nobody knows comes first. */
function readSeconds(): Seconds {
  if (!existsSync(SECONDS_FILE)) return {};
  return JSON.parse(readFileSync(SECONDS_FILE, "utf8")) as Seconds;
}

export function keepSeconds(seconds: Seconds): void {
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(SECONDS_FILE, `${JSON.stringify({ ...readSeconds(), ...seconds })}\n`);
}

/** Files that differ from the branch's upstream (else from the last commit), new ones too; none where there is no git. */
function changedFiles(): ReadonlySet<string> {
  const git = (...args: readonly string[]): string | null => {
    const { status, stdout } = spawnSync("git", args, { encoding: "utf8" });
    return status === 0 ? stdout : null;
  };
  const base = git("merge-base", "HEAD", "@{upstream}")?.trim() ?? "HEAD";
  const changed = git("diff", "--name-only", "--relative", base) ?? "";
  const created = git("ls-files", "--others", "--exclude-standard") ?? "";
  return new Set(`${changed}\n${created}`.split("\n").filter((path) => path !== ""));
}

export async function orderedTests(
  files: readonly string[],
): Promise<Known & { readonly files: readonly string[] }> {
  const known = { sources: await readSources(), changed: changedFiles(), seconds: readSeconds() };
  return { ...known, files: inOrder(files, known) };
}

type Known = {
  readonly sources: Sources;
  readonly changed: ReadonlySet<string>;
  readonly seconds: Seconds;
};

/** A file is near the change that it imports, itself or by a room's index. */
const NEAR = 2;

export function inOrder(files: readonly string[], { sources, changed, seconds }: Known): readonly string[] {
  const ranked = files.map((file) => ({
    file,
    isFar: distanceTo(changed, file, sources) > NEAR,
    seconds: seconds[file] ?? Number.POSITIVE_INFINITY,
  }));
  return ranked
    .toSorted((a, b) => Number(a.isFar) - Number(b.isFar) || compare(b.seconds, a.seconds))
    .map(({ file }) => file);
}

/** Infinity less Infinity is not a number. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** `count` lists that should take about equally long, each in the order given. */
export function share(files: readonly string[], count: number, seconds: Seconds): readonly string[][] {
  const lists = Array.from({ length: count }, () => ({ files: [] as string[], seconds: 0 }));
  for (const file of files) {
    const [least] = lists.toSorted((a, b) => a.seconds - b.seconds);
    least?.files.push(file);
    if (least !== undefined) least.seconds += seconds[file] ?? 0.5;
  }
  return lists.map((list) => list.files);
}
