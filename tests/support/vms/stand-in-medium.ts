// SPDX-License-Identifier: Apache-2.0
// A medium whose live system is noise: its layout is real, and it is made in a second, without root.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BASE_FILES } from "../../../src/iso/base.ts";
import { makeMedium } from "../../../src/iso/medium.ts";
import { run } from "../../../src/system/index.ts";

/** Files of a base directory, below `directory`. */
export async function standInBase(directory: string): Promise<{ base: string; program: string }> {
  const base = join(directory, "base");
  await mkdir(base);
  for (const name of Object.values(BASE_FILES)) await writeFile(join(base, name), randomBytes(5001));
  await writeFile(join(base, BASE_FILES.hybrid), Buffer.alloc(512, 0x90));
  const program = join(directory, "program");
  await writeFile(program, "program");
  return { base, program };
}

export async function standInMedium(
  out: string,
  options: { base: string; program: string; roomBytes: number; signal: AbortSignal },
): Promise<void> {
  const scratch = await mkdtemp(`${out}-scratch-`);
  await makeMedium({ ...options, version: "0.0.0", out, scratch, epoch: 1_700_000_000 });
  await rm(scratch, { recursive: true });
}

/** The content of one file on an image. */
export async function fileOnIso(iso: string, path: string, to: string): Promise<Buffer> {
  await run(["xorriso", "-osirrox", "on", "-indev", iso, "-extract", path, to]);
  return await readFile(to);
}
