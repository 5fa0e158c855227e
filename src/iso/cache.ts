// SPDX-License-Identifier: Apache-2.0
// What takes minutes to build and seldom changes is kept by the hash of its recipe.
import { createHash } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { lockFile } from "../system/index.ts";

export type CacheRequest = {
  readonly name: string;
  /** Everything the result depends on, as JSON. */
  readonly recipe: unknown;
  /** Makes a file or directory at `path`, where nothing is. */
  readonly build: (path: string) => Promise<void>;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
};

/** `${P2V_CACHE:-${XDG_CACHE_HOME:-~/.cache}/virt-p2v}` */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const own = env["P2V_CACHE"] ?? "";
  if (own !== "") return own;
  const xdg = env["XDG_CACHE_HOME"] ?? "";
  return join(xdg === "" ? join(homedir(), ".cache") : xdg, "virt-p2v");
}

export function recipeHash(recipe: unknown): string {
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
}

/** The path DIRECTORY/NAME-HASH. Built where it is absent; a second builder waits for the first. */
export async function cached({ name, recipe, build, say, signal }: CacheRequest): Promise<string> {
  const path = join(cacheDirectory(), `${name}-${recipeHash(recipe)}`);
  if (await exists(path)) return path;
  await mkdir(cacheDirectory(), { recursive: true });
  await using held = new AsyncDisposableStack();
  held.use(await lockFile(`${path}.lock`, signal));
  if (await exists(path)) return path;
  const aside = `${path}.building`;
  await rm(aside, { recursive: true, force: true });
  say(`Building ${name} (once; kept in ${path})`);
  try {
    await build(aside);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
  return path;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
