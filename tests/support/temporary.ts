// SPDX-License-Identifier: Apache-2.0
// A directory of one test, removed with all in it when the test ends.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** `parent`: where the temporary directory will not do, for its kind of file system or for the bytes it may take. */
export async function temporary(
  t: Pick<TestContext, "after">,
  { parent = tmpdir() }: { readonly parent?: string } = {},
): Promise<string> {
  const path = await mkdtemp(join(parent, "p2v-test-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

export type Scratch = AsyncDisposable & { readonly path: string };

/** The same for a scope: `await using directory = await scratch()`. A test that has a context takes `temporary`. */
export async function scratch({ parent = tmpdir() }: { readonly parent?: string } = {}): Promise<Scratch> {
  const path = await mkdtemp(join(parent, "p2v-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
