// SPDX-License-Identifier: Apache-2.0
// What npm run release makes, of this clone as it is, for one test.
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Release } from "../../../scripts/release/release.ts";
import { quickRelease } from "../../../lab/portable.ts";
import { makePortable } from "../../../scripts/release/portable/portable.ts";
import { temporary } from "../temporary.ts";
import type { Root } from "./roots.ts";

export async function releaseFor(t: TestContext): Promise<Release> {
  const directory = await temporary(t, { parent: "/var/tmp" });
  return await quickRelease(directory, { say: (text) => t.diagnostic(text), signal: t.signal });
}

/** What starts the portable file in a root that it was brought to. */
export const PORTABLE: readonly string[] = ["/bin/sh", "/virt-p2v"];

export async function bringPortable(t: TestContext, root: Root): Promise<void> {
  await copyFile(await makePortable(await releaseFor(t)), join(root.path, "virt-p2v"));
}
