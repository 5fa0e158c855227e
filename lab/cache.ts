// SPDX-License-Identifier: Apache-2.0
// Things that take long to build and never change are built once: kept by the hash of their recipe.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { formatSeconds } from "../src/core/index.ts";
import { lockFile } from "../src/system/index.ts";

/** Another builder is told of when it takes longer. */
const WAITING_MS = 500;

export type CacheRequest = {
  /** What it is, for the file name and for people: `demo-disk`. */
  readonly name: string;
  /** Everything the result depends on: source, package lists, versions. */
  readonly recipe: string | readonly string[];
  /** Makes a file or directory at `path`, where nothing is. `path` is the same in each try. */
  readonly build: (path: string, options: { signal: AbortSignal }) => Promise<void>;
  readonly signal: AbortSignal;
  /** One line for a person. Default: stderr. */
  readonly onProgress?: (text: string) => void;
};

/** `${P2V_CACHE:-${XDG_CACHE_HOME:-~/.cache}/virt-p2v}` */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const own = env["P2V_CACHE"];
  if (own !== undefined && own !== "") return own;
  const xdg = env["XDG_CACHE_HOME"];
  return join(xdg === undefined || xdg === "" ? join(homedir(), ".cache") : xdg, "virt-p2v");
}

/** The path of the built thing, DIRECTORY/NAME-HASH. Built when absent; a second builder waits for the first. */
export async function cached(request: CacheRequest): Promise<string> {
  const { name, recipe, build, signal, onProgress = (text) => console.error(text) } = request;
  const hash = createHash("sha256")
    .update(JSON.stringify([recipe].flat()))
    .digest("hex")
    .slice(0, 12);
  const path = join(cacheDirectory(), `${name}-${hash}`);
  if (existsSync(path)) return path;
  await mkdir(cacheDirectory(), { recursive: true });
  await using held = new AsyncDisposableStack();
  const patience = setTimeout(() => onProgress(`Waiting for ${name}`), WAITING_MS);
  held.use(await lockFile(`${path}.lock`, signal).finally(() => clearTimeout(patience)));
  if (existsSync(path)) return path;
  const aside = `${path}.building`;
  await rm(aside, { recursive: true, force: true });
  const begun = performance.now();
  onProgress(`Building ${name} (once; kept in ${path})`);
  try {
    await build(aside, { signal });
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
  onProgress(`Built ${name} in ${formatSeconds((performance.now() - begun) / 1000)}`);
  return path;
}
