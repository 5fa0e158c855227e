// SPDX-License-Identifier: Apache-2.0
// What npm run release makes, of this clone as it is, for one test.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readReleaseEpoch, readVersion, type Release } from "../../../scripts/release/release.ts";
import { temporary } from "../temporary.ts";

export async function releaseFor(t: TestContext): Promise<Release> {
  const directory = await temporary(t, { parent: "/var/tmp" });
  const [out, scratch] = [join(directory, "out"), join(directory, "scratch")];
  await mkdir(out);
  await mkdir(scratch);
  return {
    version: await readVersion(),
    epoch: await readReleaseEpoch(t.signal),
    out,
    scratch,
    packing: "quick",
    say: (text) => t.diagnostic(text),
    signal: t.signal,
  };
}
