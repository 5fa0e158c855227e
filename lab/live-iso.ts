// SPDX-License-Identifier: Apache-2.0
// The live CD of the working tree, built once for all tests: kept by the hash of what it is made of.
import { createHash } from "node:crypto";
import { glob, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildIso } from "../src/iso/index.ts";
import { VERSION } from "../src/ui/version.ts";
import { cached, cacheDirectory } from "./cache.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const MADE_OF = ["bin/**", "livecd/**", "src/**", "package.json", "package-lock.json"];

export async function liveIso(signal: AbortSignal): Promise<string> {
  await forgetOldOnes();
  return await cached({
    name: "live-iso",
    recipe: await hashOfFiles(),
    build: async (path) => {
      const nothing = { sshKey: null, answers: null, extras: null, packages: [] };
      const say = (text: string): void => console.error(text);
      const more = { suite: "trixie", roomBytes: 64 * 2 ** 20, version: VERSION };
      await buildIso({ ...nothing, ...more, out: path, say, signal });
    },
    signal,
  });
}

async function hashOfFiles(): Promise<string> {
  const sum = createHash("sha256");
  const paths = await Array.fromAsync(glob(MADE_OF, { cwd: REPOSITORY }));
  for (const path of paths.toSorted()) {
    const info = await stat(join(REPOSITORY, path));
    if (!info.isFile() || path.endsWith(".test.ts")) continue;
    sum.update(`${path}\0${info.mode & 0o100}\0`);
    sum.update(await readFile(join(REPOSITORY, path)));
  }
  return sum.digest("hex");
}

const OLD_MS = 2 * 3600 * 1000;

/** Each change of the source makes another image; no test runs for so long. */
async function forgetOldOnes(): Promise<void> {
  for await (const name of glob("live-iso-*", { cwd: cacheDirectory() })) {
    const path = join(cacheDirectory(), name);
    const info = await stat(path).catch(() => null);
    if (info !== null && Date.now() - info.mtimeMs > OLD_MS) await rm(path, { force: true });
  }
}
