// SPDX-License-Identifier: Apache-2.0
// Imported before all other modules of a process that runs test files: notes which of them look at more than their imports and
// what `kept.ts` hashes with them: a source that is read as a file, by them or by a program that they start, a directory of
// sources that is listed, a thread, the state of this machine.
import { AsyncLocalStorage } from "node:async_hooks";
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import workers from "node:worker_threads";
import { beyond } from "./beyond.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** They are on every stack. */
const HERE: ReadonlySet<string> = new Set(["scripts/checks/watched.ts", "scripts/checks/in-one-process.ts"]);

const loading = new AsyncLocalStorage<string>();

/** Loads a test file: what its tests do, however late, is noted as its own. */
export async function load(file: string): Promise<void> {
  await loading.run(file, () => import(resolve(file)));
}

function note(): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const { stack = "" } = new Error("seen");
  Error.stackTraceLimit = stackTraceLimit;
  const caller = stack
    .split("\n")
    .find((line) => line.startsWith("    at ") && !/watched\.ts|node:fs|node:internal\/fs/.test(line));
  if (caller?.includes("node:internal/modules/") === true) return; // an import
  const owner = loading.getStore();
  if (owner !== undefined) beyond.add(owner);
  const modules = [...stack.matchAll(/file:\/\/(\/[^\s():]+\.ts):\d+/g)]
    .map(([, path = ""]) => relative(ROOT, path))
    .filter((path) => !HERE.has(path));
  // A module is loaded once, for all who import it.
  if (stack.includes("ModuleJob") && !stack.includes("node:internal/test_runner"))
    for (const path of modules) beyond.add(path);
  // What a helper of tests found out may serve the next test too.
  const helper = modules.find((path) => /^(tests|lab)\//.test(path) || path.endsWith(".test.ts"));
  if (helper !== undefined) beyond.add(helper);
}

const LISTS = ["glob", "globSync", "opendir", "opendirSync", "readdir", "readdirSync"];
const READS = ["createReadStream", "open", "openSync", "openAsBlob", "readFile", "readFileSync"];

/** A test's own files, and what `kept.ts` knows by the packages that are installed. */
const HASHED = [resolve(tmpdir()), "/usr"];

/** A program sees what is installed, and what its words and its input name: is that a source? */
function readsSources(program: unknown, args: unknown): boolean {
  const words = [program, ...(Array.isArray(args) ? args : [])].join(" ");
  return words.includes(ROOT) || /\.ts\b|\b(node|npm|npx|git|esbuild|tsc)\b|bin\/virt-p2v/.test(words);
}

function isBeyond(name: string, target: unknown): boolean {
  if (name.startsWith("glob")) return true;
  const path = target instanceof URL ? fileURLToPath(target) : target;
  if (typeof path !== "string") return false;
  const inside = relative(ROOT, resolve(path));
  if (/^\/(dev\/null|proc\/self\/fd(info)?)(\/|$)/.test(resolve(path))) return false; // the process itself
  if (inside.startsWith("..")) return !HASHED.some((directory) => resolve(path).startsWith(`${directory}/`));
  if (inside.startsWith("node_modules/")) return false;
  // Folders of goldens have no sources in them, at any depth.
  return LISTS.includes(name) ? !inside.startsWith("tests/golden/") : inside.endsWith(".ts");
}

type Functions = Record<string, unknown>;

function watch(
  functions: Functions,
  names: Iterable<string>,
  sees: (name: string, first: unknown, second: unknown) => boolean,
): void {
  for (const name of names) {
    const original = functions[name];
    if (typeof original !== "function") continue;
    functions[name] = function watched(this: unknown, ...args: readonly unknown[]): unknown {
      if (sees(name, args[0], args[1])) note();
      return Reflect.apply(original, this, args) as unknown;
    };
  }
}

for (const functions of [fs, fs.promises]) watch(functions, [...LISTS, ...READS], isBeyond);
const STARTS = ["exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"];
watch(childProcess, STARTS, (_, program, args) => readsSources(program, args));
workers.Worker = class extends workers.Worker {
  constructor(...args: ConstructorParameters<typeof workers.Worker>) {
    note();
    super(...args);
  }
};
syncBuiltinESMExports();
