// SPDX-License-Identifier: Apache-2.0
// The agent as it is sent to a host: a Node binary and one JavaScript file, each with its hash.
import { createHash, hash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../system/index.ts";

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

/** This very Node, without its symbols where `strip` is installed (17 MB less to send), in `directory`. */
export async function nodeBinary(directory: string, signal: AbortSignal): Promise<Part> {
  const original = await realpath(process.execPath);
  const stripped = join(directory, "node");
  const path = await run(["strip", "-o", stripped, original], { signal, timeoutMs: 120_000 }).then(
    () => stripped,
    () => original,
  );
  signal.throwIfAborted();
  const sum = createHash("sha256");
  for await (const part of createReadStream(path, { highWaterMark: 2 ** 20, signal })) sum.update(part);
  return { path, sha256: sum.digest("hex") };
}
