// SPDX-License-Identifier: Apache-2.0
// Small systems of their own to install and run the program in: a Debian of some release, or nothing but a busybox.
import { chmod, copyFile, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { cached } from "../../../lab/cache.ts";
import { readMirror } from "../../../lab/demo/system.ts";
import { run, type RunResult } from "../../../src/system/index.ts";
import { temporary } from "../temporary.ts";

export type Root = {
  readonly path: string;
  /** Runs a program there, with /proc, /dev and /sys, in namespaces that end with it. Any exit code is an answer. */
  run(
    argv: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>> },
  ): Promise<RunResult>;
};

/** $1: the root, which becomes a mount point as that of a real system is; the rest: what to run. /dev but not its mounts. */
const ENTER = `set -eu
root=$1; shift
mount --bind "$root" "$root"
mkdir -p "$root/proc" "$root/dev" "$root/sys"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind /sys "$root/sys"
exec chroot "$root" "$@"`;

const UNSHARE = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--"];

const rootAt = (path: string): Root => ({
  path,
  run: (argv, { env = {} } = {}) =>
    run([...UNSHARE, "sh", "-c", ENTER, "sh", path, ...argv], {
      timeoutMs: 30 * 60_000,
      maxOutputBytes: 64 * 2 ** 20,
      allowCodes: Array.from({ length: 255 }, (_, index) => index + 1),
      env: { HOME: "/root", TMPDIR: "/tmp", ...env },
    }),
});

/** As Debian's installer leaves the least: apt and what is essential. `more`: packages besides. */
export async function debianRoot(t: TestContext, suite: string, more: readonly string[] = []): Promise<Root> {
  const mirror = await readMirror();
  const tar = await cached({
    name: `root-${suite}`,
    recipe: [suite, mirror, ...more],
    signal: t.signal,
    build: async (path) => {
      const argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--components=main"];
      argv.push('--aptopt=Acquire::Languages "none"');
      if (more.length > 0) argv.push(`--include=${more.join(",")}`);
      for (const part of ["man", "locale"]) argv.push(`--dpkgopt=path-exclude=/usr/share/${part}/*`);
      await run([...argv, suite, path, mirror], { signal: t.signal, timeoutMs: 30 * 60_000 });
    },
  });
  const path = join(await temporary(t, { parent: "/var/tmp" }), "root");
  await mkdir(path);
  await run(["tar", "-C", path, "--exclude=./dev/*", "-xf", tar], { timeoutMs: 10 * 60_000 });
  return rootAt(path);
}

/** A static busybox and its name `sh`; nothing else, no /tmp and no /etc either. */
export async function busyboxRoot(t: TestContext, busybox: string): Promise<Root> {
  const path = join(await temporary(t, { parent: "/var/tmp" }), "root");
  await mkdir(join(path, "bin"), { recursive: true });
  await copyFile(busybox, join(path, "bin/busybox"));
  await chmod(join(path, "bin/busybox"), 0o755);
  await symlink("busybox", join(path, "bin/sh"));
  return rootAt(path);
}
