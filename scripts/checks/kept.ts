// SPDX-License-Identifier: Apache-2.0
// Test files that passed, and that nothing has changed since: not a byte of what they import, however far away, nor of any
// file of the repository that is not a source, nor Node, nor a package, nor who runs them and with which settings.
// Only a file whose tests looked at nothing else is kept (`watched.ts`), and only where none of its tests was skipped. Tests on
// real block devices look at the machine: they are kept until it starts again, or the program changes that they start.
import { hash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { CACHE } from "./cache.ts";
import { closureHash, closureOf, type Sources } from "./imports.ts";
import type { Result } from "./reporter.ts";

const keptFile = (kind: Kind): string => `${CACHE}/${kind}-passed.json`;
type Kind = "tests" | "block-tests";
/** What is not ours, or is made of the rest. */
const NOT_OURS = new Set([".git", "node_modules", "dist", "vms"]);

/** A test file's key, by its path: what its result follows from. */
export type Keys = Readonly<Record<string, string>>;

export function keysOf(files: readonly string[], sources: Sources, around: string): Keys {
  return Object.fromEntries(
    files.map((file) => [file, hash("sha256", `${around}\n${closureHash(file, sources)}`)]),
  );
}

/** Of tests that look at this machine and may start the program; `program`: its entry points. */
export function machineKeysOf(
  files: readonly string[],
  sources: Sources,
  { around, boot, program }: { around: string; boot: string; program: readonly string[] },
): Keys {
  const started = program.map((path) => closureHash(path, sources)).join("\n");
  const keyOf = (file: string): string => {
    const startsIt = [...closureOf(file, sources)].some((path) => sources.get(path)?.namesProgram === true);
    return hash("sha256", [around, boot, closureHash(file, sources), startsIt ? started : ""].join("\n"));
  };
  return Object.fromEntries(files.map((file) => [file, keyOf(file)]));
}

/** What all test files may see without importing it, and what runs them. */
export function surroundings(sources: Sources, { root = ".", node = process.version } = {}): string {
  const { LANG, LC_ALL, TZ } = process.env;
  const ours = Object.entries(process.env).filter(([name]) => name.startsWith("P2V_"));
  const runner: readonly unknown[] = [
    node,
    process.arch,
    process.getuid?.(),
    LANG,
    LC_ALL,
    TZ,
    ours.map(String).toSorted(),
  ];
  return hash("sha256", JSON.stringify([runner, programs(), dataBelow(root, sources)]));
}

/** Which programs are there: tests start some. The directories are for what no package installed; some tools write theirs anew all the time. */
function programs(): readonly unknown[] {
  const packages = "/var/lib/dpkg/status";
  const directories = (process.env["PATH"] ?? "").split(":").filter((path) => existsSync(path));
  return [
    release(),
    existsSync(packages) ? hashOf(packages) : `unknown: ${Date.now()}`,
    directories.map((path) => [
      path,
      readdirSync(path)
        .toSorted()
        .map((name) => [name, sizeOf(join(path, name))]),
    ]),
  ];
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** All that is not a source, with its mode, by path. */
function dataBelow(root: string, sources: Sources): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const look = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (NOT_OURS.has(path) || sources.has(path)) continue;
      if (entry.isDirectory()) look(path);
      else if (entry.isSymbolicLink()) found.push([path, "link", readlinkSync(join(root, path))]);
      else if (entry.isFile()) found.push([path, modeOf(join(root, path)), hashOf(join(root, path))]);
    }
  };
  look("");
  return found.toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}

const modeOf = (path: string): string => (statSync(path).mode & 0o111).toString(8);
const hashOf = (path: string): string => hash("sha256", readFileSync(path));

/** Of a start of this machine. */
export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8");

export function readKept(kind: Kind): Keys {
  if (!existsSync(keptFile(kind))) return {};
  return JSON.parse(readFileSync(keptFile(kind), "utf8")) as Keys;
}

export function writeKept(kind: Kind, files: Iterable<string>, keys: Keys): void {
  mkdirSync(CACHE, { recursive: true });
  const kept = Object.fromEntries([...files].map((file) => [file, keys[file] ?? ""]));
  writeFileSync(keptFile(kind), `${JSON.stringify(kept)}\n`);
}

/** Files whose key is the one that they passed with. */
export function unchanged(files: readonly string[], keys: Keys, kept: Keys): readonly string[] {
  return files.filter((file) => kept[file] !== undefined && kept[file] === keys[file]);
}

/** Of files that ran in a process that ended well: those that may be kept. */
export function worthKeeping(
  files: readonly string[],
  { counts, beyond }: Pick<Result, "counts" | "beyond">,
  sources: Sources,
): readonly string[] {
  return files.filter((file) => {
    const count = counts[file];
    if (count === undefined || count.passed === 0 || count.failed > 0 || count.skipped > 0) return false;
    const closure = closureOf(file, sources);
    return !beyond.some((path) => closure.has(path));
  });
}
