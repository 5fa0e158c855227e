// SPDX-License-Identifier: Apache-2.0
// npm run release: all that is given to users, into dist/release/. With --roll: changes/unreleased into CHANGELOG.md.
// Usage: main.ts [--only deb,portable,npm,iso] [--out DIR] [--draft] [--quick]
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { formatBytes } from "../../src/core/index.ts";
import { REPOSITORY } from "../../src/iso/index.ts";
import { run } from "../../src/system/index.ts";
import { readChanges, roll } from "./changelog.ts";
import { makeDeb } from "./deb/deb.ts";
import { makeIso } from "./iso.ts";
import { makeNpmPackage } from "./npm.ts";
import { makePortable } from "./portable/portable.ts";
import { type Artifact, readReleaseEpoch, readVersion, type Release } from "./release.ts";
import { writeSums } from "./sums.ts";

const MAKERS: Readonly<Record<Artifact, (release: Release) => Promise<string>>> = {
  deb: makeDeb,
  portable: makePortable,
  npm: makeNpmPackage,
  iso: makeIso,
};

const abort = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => abort.abort(new Error(`Stopped by ${name}`)));
const { signal } = abort;
const say = (text: string): void => console.log(text);

const { values } = parseArgs({
  options: {
    roll: { type: "boolean", default: false },
    draft: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    out: { type: "string", default: join(REPOSITORY, "dist/release") },
  },
});
const version = await readVersion();
if (values.roll) {
  const moved = await roll(REPOSITORY, { version, date: new Date().toISOString().slice(0, 10) });
  say(`${moved} changes are now those of ${version}: read CHANGELOG.md, commit, then npm run release`);
} else {
  if (!values.draft) await refuseUnfinished();
  await makeRelease(resolve(values.out), values.only?.split(",") ?? Object.keys(MAKERS));
}

/** A release is made of a commit whose changes are in CHANGELOG.md, so that the same can be made again. */
async function refuseUnfinished(): Promise<void> {
  const changed = (await run(["git", "-C", REPOSITORY, "status", "--porcelain"], { signal })).stdout.trim();
  if (changed !== "") throw new Error(`Not committed (--draft builds all the same):\n${changed}`);
  const open = await readChanges(join(REPOSITORY, "changes/unreleased"));
  if (open.length > 0)
    throw new Error(`${open.length} changes are not in CHANGELOG.md: npm run release -- --roll, then commit`);
}

async function makeRelease(out: string, artifacts: readonly string[]): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const name of await readdir(out)) await rm(join(out, name), { recursive: true });
  const packing = values.quick ? "quick" : "small";
  const paths: string[] = [];
  for (const artifact of artifacts) {
    const make = MAKERS[artifact as Artifact] ?? null;
    if (make === null) throw new Error(`--only ${artifact}: say ${Object.keys(MAKERS).join(", ")}`);
    const begun = performance.now();
    const scratch = await mkdtemp(join(out, ".making-")); // beside the result: the last step is a rename
    try {
      const epoch = await readReleaseEpoch(signal);
      const path = await make({ version, epoch, out, scratch, packing, say, signal });
      paths.push(path);
      const seconds = Math.round((performance.now() - begun) / 1000);
      say(`${path}: ${formatBytes((await stat(path)).size)}, ${seconds} s`);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  say(await writeSums(out, paths));
}
