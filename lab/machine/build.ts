// SPDX-License-Identifier: Apache-2.0
// What building any machine of the matrix needs: its system unpacked, programs run inside.
import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, unmount } from "../../src/system/index.ts";

export const MIB = 2 ** 20;

export type Call = { readonly signal: AbortSignal };

export async function makeImage(path: string, sizeBytes: number): Promise<void> {
  await writeFile(path, "", { flag: "wx", mode: 0o644 });
  await truncate(path, sizeBytes);
}

export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "p2v-machine-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

export async function unpack(tar: string, root: string, { signal }: Call): Promise<void> {
  const argv = ["tar", "-C", root, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xf", tar];
  await run(argv, { signal, timeoutMs: 300_000 });
}

export type Inside = (argv: readonly string[], input?: string) => Promise<string>;

/** Runs programs of the system below `root`, with this computer's devices. */
export async function enter(
  root: string,
  { signal }: Call,
): Promise<AsyncDisposable & { readonly inside: Inside }> {
  await using binds = new AsyncDisposableStack();
  for (const path of ["/dev", "/proc", "/sys"]) {
    await run(["mount", "--bind", path, join(root, path)]);
    binds.defer(() => unmount(join(root, path)));
  }
  const owned = binds.move();
  return {
    async inside(argv, input) {
      const env = { DEBIAN_FRONTEND: "noninteractive", HOME: "/root" };
      const given = input === undefined ? {} : { input };
      return (await run(["chroot", root, ...argv], { signal, timeoutMs: 300_000, env, ...given })).stdout;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Releases of the kernels in /boot, oldest first as `ls` sorts. */
export async function kernelsIn(root: string): Promise<readonly string[]> {
  const names = await readdir(join(root, "boot"));
  return names.flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.[1] ?? []).toSorted();
}
