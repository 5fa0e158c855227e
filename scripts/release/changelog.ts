// SPDX-License-Identifier: Apache-2.0
// CHANGELOG.md from changes/: one directory for each version, one file for each change.
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type Change = { readonly name: string; readonly text: string };
export type Version = {
  readonly version: string;
  readonly date: string;
  readonly changes: readonly Change[];
};

const HEAD = `# Changelog

What users see, by version. Made from changes/ by \`npm run release -- --roll\`; do not edit.
`;

/** The newest version first. Pure. */
export function renderChangelog(versions: readonly Version[]): string {
  const newestFirst = versions.toSorted((a, b) => compareVersions(b.version, a.version));
  const parts = newestFirst.map(
    ({ version, date, changes }) => `\n## ${version} (${date})\n${changes.map(renderChange).join("")}`,
  );
  return `${HEAD}${parts.join("")}`;
}

/** A file's first line may be its title, `# Title`; else its name is. */
function renderChange({ name, text }: Change): string {
  const [, given, rest] = /^# (.+)\n+([^]*)$/.exec(text) ?? [null, null, text];
  const words = name.replace(/\.md$/, "").replaceAll("-", " ");
  const title = given ?? `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return `\n### ${title.trim()}\n\n${(rest ?? "").trim()}\n`;
}

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const VERSION = /^\d+\.\d+\.\d+$/;
/** In a version's directory: the day of its release, 2026-11-30. */
const DATE_FILE = "date";

/** What lies in `directory`, the project's changes/. */
export async function readVersions(directory: string): Promise<readonly Version[]> {
  const versions: Version[] = [];
  for (const version of (await readdir(directory)).filter((name) => VERSION.test(name))) {
    const date = (await readFile(join(directory, version, DATE_FILE), "utf8")).trim();
    versions.push({ version, date, changes: await readChanges(join(directory, version)) });
  }
  return versions;
}

/** Sorted by name; [] where there is no such directory. */
export async function readChanges(directory: string): Promise<readonly Change[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".md"));
  return Promise.all(
    names.toSorted().map(async (name) => ({ name, text: await readFile(join(directory, name), "utf8") })),
  );
}

/** Moves what is unreleased to `version` and writes CHANGELOG.md anew. `root`: the clone. How many changes that were. */
export async function roll(
  root: string,
  { version, date }: { version: string; date: string },
): Promise<number> {
  const changes = join(root, "changes");
  const unreleased = join(changes, "unreleased");
  if ((await readVersions(changes)).some((known) => known.version === version))
    throw new Error(`${version} is released already: set the next version in package.json first`);
  const moved = await readChanges(unreleased);
  if (moved.length === 0) throw new Error("changes/unreleased is empty: there is nothing to release");
  await mkdir(join(changes, version));
  await writeFile(join(changes, version, DATE_FILE), `${date}\n`);
  for (const { name } of moved) await rename(join(unreleased, name), join(changes, version, name));
  await writeFile(join(root, "CHANGELOG.md"), renderChangelog(await readVersions(changes)));
  return moved.length;
}
