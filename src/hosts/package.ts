// SPDX-License-Identifier: Apache-2.0
// The agent as it is sent to a host: a Node binary and one JavaScript file, each with its hash.
import { createHash, hash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { copyFile, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../system/index.ts";
import { type Interpreter, isUsual, readInterpreter, USUAL_LOADER, writeInterpreter } from "./interpreter.ts";

export type Part = { readonly path: string; readonly sha256: string };

/** The agent in the source tree, or bundled beside this file. */
export function agentProgram(): string {
  const bundled = join(import.meta.dirname, "agent.mjs");
  return existsSync(bundled) ? bundled : join(import.meta.dirname, "../../bin/agent.ts");
}

/** One file that needs nothing else: as it is when bundled, else bundled now (from source, esbuild is there). */
export async function agentScript(): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }> {
  const program = agentProgram();
  const bytes = program.endsWith(".mjs") ? await readFile(program) : await bundle(program);
  return { bytes, sha256: hash("sha256", bytes, "hex") };
}

async function bundle(entry: string): Promise<Uint8Array> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: dirname(dirname(entry)), // paths in comments begin there, wherever this runs
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    legalComments: "none",
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild made no file");
  return file.contents;
}

/** This very Node as any machine can run it, in `directory` where that takes a copy. */
export async function nodeBinary(directory: string, signal: AbortSignal): Promise<Part> {
  const original = await realpath(process.execPath);
  const copy = join(directory, "node");
  const loader = await readInterpreter(original);
  const path = loader === null || isUsual(loader) ? await strip() : await withUsualLoader(loader);
  signal.throwIfAborted();
  const sum = createHash("sha256");
  for await (const part of createReadStream(path, { highWaterMark: 2 ** 20, signal })) sum.update(part);
  return { path, sha256: sum.digest("hex") };

  /** Without its symbols where `strip` is installed: 17 MB less to send. */
  function strip(): Promise<string> {
    return run(["strip", "-o", copy, original], { signal, timeoutMs: 120_000 }).then(
      () => copy,
      () => original,
    );
  }
  /** The portable file's: it has no symbols, and `strip` may ruin what patchelf made. */
  async function withUsualLoader(at: Interpreter): Promise<string> {
    await copyFile(original, copy);
    await writeInterpreter(copy, at, USUAL_LOADER);
    return copy;
  }
}
