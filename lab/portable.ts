// SPDX-License-Identifier: Apache-2.0
// The portable file of this clone as it is, packed quickly.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { makePortable } from "../scripts/release/portable/portable.ts";
import { readReleaseEpoch, readVersion, type Release } from "../scripts/release/release.ts";

type Call = { readonly say: (text: string) => void; readonly signal: AbortSignal };

/** What npm run release makes things of, into `directory`, which is empty. */
export async function quickRelease(directory: string, { say, signal }: Call): Promise<Release> {
  const [out, scratch] = [join(directory, "out"), join(directory, "scratch")];
  await mkdir(out);
  await mkdir(scratch);
  const [version, epoch] = await Promise.all([readVersion(), readReleaseEpoch(signal)]);
  return { version, epoch, out, scratch, packing: "quick", say, signal };
}

export async function portableFile(directory: string, call: Call): Promise<string> {
  return await makePortable(await quickRelease(directory, call));
}
