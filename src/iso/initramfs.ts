// SPDX-License-Identifier: Apache-2.0
// The initramfs of the live medium: busybox, our script, and the drivers of optical drives and USB sticks.
import {
  copyFile,
  glob,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { run } from "../system/index.ts";
import { LIVECD_DIRECTORY } from "./recipe.ts";

type Options = {
  readonly root: string;
  readonly path: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
};

export async function makeInitramfs({ root, path, epoch, signal }: Options): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), "p2v-initramfs-"));
  try {
    await mkdir(join(tree, "bin"));
    await copyFile(join(root, "usr/bin/busybox"), join(tree, "bin/busybox"));
    await symlink("busybox", join(tree, "bin/sh"));
    await copyFile(join(LIVECD_DIRECTORY, "initramfs/init"), join(tree, "init"));
    await copyFile(join(LIVECD_DIRECTORY, "initramfs/attached"), join(tree, "attached"));
    await copyFile(join(LIVECD_DIRECTORY, "interface"), join(tree, "interface"));
    await run(["chmod", "0755", join(tree, "init"), join(tree, "bin/busybox")], { signal });
    await copyModules(root, tree, signal);
    await packTree(tree, { path, epoch, signal });
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

async function copyModules(root: string, tree: string, signal: AbortSignal): Promise<void> {
  const [release = ""] = (await readdir(join(root, "usr/lib/modules"))).toSorted().toReversed();
  const modules = join(root, "usr/lib/modules", release);
  const wanted = parseModuleList(await readFile(join(LIVECD_DIRECTORY, "initramfs/modules"), "utf8"));
  const depends = parseModuleDependencies(await readFile(join(modules, "modules.dep"), "utf8"));
  const chosen = closeOver(findModules(wanted, [...depends.keys()]), depends);
  const target = join(tree, "lib/modules", release);
  for (const module of chosen) {
    const to = join(target, module.replace(/\.xz$/, ""));
    await mkdir(dirname(to), { recursive: true });
    await copyFile(join(modules, module), `${to}${module.endsWith(".xz") ? ".xz" : ""}`);
  }
  // busybox reads plain modules; the archive as a whole is compressed, and smaller so.
  const packed = await Array.fromAsync(glob("**/*.ko.xz", { cwd: target }));
  for (let at = 0; at < packed.length; at += 200)
    await run(["xz", "--decompress", ...packed.slice(at, at + 200).map((name) => join(target, name))], {
      signal,
    });
  for (const file of ["modules.order", "modules.builtin", "modules.builtin.modinfo"])
    await copyFile(join(modules, file), join(target, file));
  await run(["depmod", "--basedir", tree, release], { signal, timeoutMs: 120_000 });
  for (const file of await readdir(target))
    if (/^modules\..*(\.bin|\.modinfo|\.order|symbols|devname|softdep|weakdep)$/.test(file))
      await rm(join(target, file));
}

/** Lines of livecd/initramfs/modules. */
export function parseModuleList(text: string): readonly string[] {
  return text.split("\n").filter((line) => !/^\s*(#|$)/.test(line));
}

/** modules.dep: `PATH: PATH ...`, below the directory of the kernel's release. */
export function parseModuleDependencies(text: string): ReadonlyMap<string, readonly string[]> {
  const depends = new Map<string, readonly string[]>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    depends.set(
      line.slice(0, colon),
      line
        .slice(colon + 1)
        .split(" ")
        .filter((one) => one !== ""),
    );
  }
  return depends;
}

/** A wanted line names a module, or a directory with all below it. Error where it names nothing: Debian moved it. */
export function findModules(wanted: readonly string[], all: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const line of wanted) {
    const matching = all.filter(
      (path) => path.startsWith(`kernel/${line}/`) || path.replace(/\.ko(\.\w+)?$/, "") === `kernel/${line}`,
    );
    if (matching.length === 0) throw new Error(`livecd/initramfs/modules: this kernel has no ${line}`);
    found.push(...matching);
  }
  return found;
}

/** With everything they depend on, sorted. */
export function closeOver(
  chosen: readonly string[],
  depends: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const all = new Set(chosen);
  for (const module of all) for (const other of depends.get(module) ?? []) all.add(other); // a Set grows while it is walked
  return [...all].toSorted();
}

/** newc, sorted, every time the same; zstd. */
async function packTree(
  tree: string,
  { path, epoch, signal }: { path: string; epoch: number; signal: AbortSignal },
): Promise<void> {
  const entries = await readdir(tree, { withFileTypes: true, recursive: true });
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  for (const one of paths.toReversed()) {
    const isLink = entries.some(
      (entry) => entry.isSymbolicLink() && join(entry.parentPath, entry.name) === one,
    );
    if (isLink) await run(["touch", "--no-dereference", `--date=@${epoch}`, one], { signal });
    else await utimes(one, epoch, epoch);
  }
  const list = paths.map((one) => `${relative(tree, one)}\n`).join("");
  const archive = `${path}.cpio`;
  const { stdoutBytes } = await run(
    ["cpio", "--quiet", "--create", "--format=newc", "--reproducible", "--owner=0:0"],
    {
      cwd: tree,
      input: list,
      signal,
      maxOutputBytes: 2 ** 29,
    },
  );
  await writeFile(archive, stdoutBytes);
  await run(["zstd", "--quiet", "-19", "-T0", "--force", "-o", path, archive], {
    signal,
    timeoutMs: 600_000,
  });
  await rm(archive);
  if ((await stat(path)).size === 0) throw new Error("The initramfs is empty");
}
