// SPDX-License-Identifier: Apache-2.0
// The rules of the house, each a pure function from files to what breaks it. Their own tests break each on purpose.
import { dirname } from "node:path/posix";
import type { Import, SourceFile } from "../../support/source-tree.ts";

export const MAX_LINES = 300;
export const MAX_FILES_IN_FOLDER = 25;

/** A room may import rooms of lower levels only; rooms of one level do not know each other. */
export const LEVELS: Readonly<Record<string, number>> = {
  core: 0,
  system: 1,
  wire: 1,
  proof: 2,
  receiver: 2,
  writes: 2,
  inspect: 3,
  plan: 3,
  overlay: 3,
  convert: 3,
  copy: 3,
  vm: 3,
  hosts: 3,
  network: 3,
  report: 3,
  chain: 4,
  remote: 4,
  job: 5,
  iso: 5,
  ui: 6,
};

const roomOf = (path: string): string => path.split("/")[1] ?? "";
const isTest = (path: string): boolean => path.endsWith(".test.ts");

/** Rooms import lower rooms only, and by their index; tests may look into a lower room. */
export function importOrder(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => path.startsWith("src/"))
    .flatMap(({ path, imports, reexports }) => {
      const room = roomOf(path);
      const level = LEVELS[room];
      if (level === undefined) return [`${path} lies in a room that is not on the map`];
      return [...imports, ...reexports].flatMap(({ module }) => {
        const other = roomOf(module);
        if (!module.startsWith("src/"))
          return isTest(path) ? [] : [`${path} imports ${module}: not below src`];
        if (other === room) return [];
        if ((LEVELS[other] ?? 99) >= level) return [`${path} imports ${module}: not a lower room`];
        return isTest(path) || module.endsWith("/index.ts")
          ? []
          : [`${path} imports ${module}: not the room's index`];
      });
    });
}

/** Files that import each other in a circle, types included: whoever reads one has to read them all. */
export function importCircles(files: readonly SourceFile[]): readonly string[] {
  const graph = new Map(
    files.map(({ path, imports, reexports }) => [
      path,
      [...imports, ...reexports].map(({ module }) => module),
    ]),
  );
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) circles.push([...trail.slice(at), path].join(" -> "));
    if (at >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return circles;
}

/** Programs are started by src/system alone: there they have a time limit, a fixed locale and a place in the trace. */
export function programStarts(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => /^(src|bin)\//.test(path) && !path.startsWith("src/system/") && !isTest(path))
    .filter(({ text }) => /from\s+"(node:)?child_process"|import\("(node:)?child_process"\)/.test(text))
    .map(({ path }) => `${path} uses child_process`);
}

export function longFiles(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1;
    return lines > MAX_LINES ? [`${path} has ${lines} lines, more than ${MAX_LINES}`] : [];
  });
}

export function fullFolders(files: readonly SourceFile[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts].flatMap(([folder, count]) =>
    count > MAX_FILES_IN_FOLDER ? [`${folder} has ${count} files, more than ${MAX_FILES_IN_FOLDER}`] : [],
  );
}

/** A value that is exported is used by another file, be it a test. An index that hands it on does not count. */
export function unusedExports(files: readonly SourceFile[]): readonly string[] {
  const known = new Map(files.map((file) => [file.path, file]));
  const used = new Set<string>();
  const use = (module: string, name: string, seen: ReadonlySet<string>): void => {
    const file = known.get(module);
    if (file === undefined || seen.has(module)) return;
    for (const own of file.exports) if (name === "*" || name === own) used.add(`${module} ${own}`);
    for (const { module: next, names } of file.reexports)
      if (name === "*") for (const each of names) use(next, each, new Set([...seen, module]));
      else if (names.includes("*") || names.includes(name)) use(next, name, new Set([...seen, module]));
  };
  for (const { imports } of files)
    for (const { module, names } of imports) for (const name of names) use(module, name, new Set());
  return files.flatMap(({ path, exports }) =>
    exports
      .filter((name) => !used.has(`${path} ${name}`))
      .map((name) => `${path} exports ${name}: used nowhere else`),
  );
}

/** `commands`: what package.json and the scripts run, as globs made regular expressions. */
export function strayTests(files: readonly SourceFile[], run: readonly RegExp[]): readonly string[] {
  const folders = new Set(files.filter(({ path }) => !isTest(path)).map(({ path }) => dirname(path)));
  return files
    .filter(({ path }) => isTest(path))
    .flatMap(({ path }) => {
      if (!run.some((pattern) => pattern.test(path))) return [`${path} is run by no command`];
      return folders.has(dirname(path)) || path.startsWith("tests/") ? [] : [`${path} lies beside no source`];
    });
}

/** What is for tests stays with tests: what commands and benchmarks share with them lies in lab. */
export function testsInProduction(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => !path.startsWith("tests/") && !isTest(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ module }: Import) => module.startsWith("tests/"))
        .map(({ module }) => `${path} imports ${module}: share it in lab`),
    );
}

/** Directories of a test come from temporary(): removed also when the test fails. */
export function handMadeDirectories(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path, text }) => isTest(path) && /\bmkdtemp(Sync)?\(/.test(text))
    .map(({ path }) => `${path} makes a temporary directory by hand`);
}
