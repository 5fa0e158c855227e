// SPDX-License-Identifier: Apache-2.0
// A FAT file system where the kernel has none (containers): its files in a tmpfs, as large as the file system is, and what
// was changed is written back by mtools when the scope ends.
import { type Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Mounted, mount } from "./mount.ts";
import { run } from "../programs/run.ts";

/** An EFI system partition with a few kernels. What is used lies in memory. */
const MAX_BYTES = 512 * 2 ** 20;
const MAX_FILES = 10_000;
/** Directories and half-used clusters of new files take room that a tmpfs does not count. */
const RESERVE_BYTES = 128 * 2 ** 10;
/** Wildcards and quotes of mtools. */
const STRANGE = /[*?[\]\\"]/;

type Call = { readonly signal?: AbortSignal };

/** Like mount(): `target` shows the files. RunError carries mtools' words; RangeError: more than 10,000 files. */
export async function mountFatCopy(
  device: string,
  target: string,
  { readOnly, signal }: Call & { readOnly: boolean },
): Promise<Mounted> {
  const call = signal === undefined ? {} : { signal };
  const limits = [`size=${MAX_BYTES}`, `nr_inodes=${MAX_FILES}`, "mode=755"];
  await using scope = new AsyncDisposableStack();
  scope.use(await mount("p2v-fat", target, { type: "tmpfs", options: [...limits, "noatime"], ...call }));
  const free = parseFreeBytes(await mtool(["mdir", "-i", device, "::/"], call));
  if ((await mtool(["mdir", "-b", "-a", "-i", device, "::/"], call)).trim() !== "")
    await mtool(["mcopy", "-s", "-m", "-n", "-i", device, "::*", target], call);
  await run(["chmod", "-R", "u=rwX,go=rX", "--", target], call); // files are 0755 on the kernel's vfat
  await run(["find", target, "-type", "f", "-exec", "chmod", "0755", "--", "{}", "+"], call);
  const before = await listFiles(target);
  const used = [...before.values()].reduce((sum, one) => sum + Math.ceil(one.sizeBytes / 4096) * 4096, 0);
  const size = used + Math.max(4096, Math.floor((free - RESERVE_BYTES) / 4096) * 4096);
  await run(["mount", "-o", `remount,${readOnly ? "ro" : "rw"},size=${size}`, "--", target], call);
  if (!readOnly) scope.defer(async () => await writeBack(device, target, before)); // runs before it is unmounted
  const owned = scope.move();
  return { path: target, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The last line of mdir(1): `        255 565 824 bytes free`. */
export function parseFreeBytes(text: string): number {
  const digits = /^ *([\d ,.]+) bytes free/m.exec(text)?.[1]?.replaceAll(/\D/g, "") ?? "";
  return digits === "" ? 0 : Number(digits);
}

/** No check that disk geometry and size agree: an ESP's often do not. */
async function mtool(argv: readonly string[], { signal }: Call): Promise<string> {
  const env = { MTOOLS_SKIP_CHECK: "1", MTOOLSRC: "/dev/null" };
  const call = signal === undefined ? {} : { signal };
  return (await run(argv, { env, timeoutMs: 120_000, ...call })).stdout;
}

type Listed = { readonly kind: "file" | "directory"; readonly sizeBytes: number; readonly mark: string };

/** By path relative to `root`, parents first. `mark` differs when the file was written or replaced. */
async function listFiles(root: string): Promise<ReadonlyMap<string, Listed>> {
  const found = new Map<string, Listed>();
  const open = [""];
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    const entries: Dirent[] = await readdir(join(root, at), { withFileTypes: true });
    for (const entry of entries) {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      const { ino, size, mtimeMs } = await lstat(join(root, path));
      const kind = entry.isDirectory() ? "directory" : "file";
      const mark = kind === "directory" ? "" : `${ino} ${size} ${mtimeMs}`;
      found.set(path, { kind, sizeBytes: kind === "file" ? size : 0, mark });
      if (kind === "directory") open.push(path);
      if (found.size > MAX_FILES) throw new RangeError(`More than ${MAX_FILES} files in a FAT file system`);
    }
  }
  return found;
}

async function writeBack(device: string, root: string, before: ReadonlyMap<string, Listed>): Promise<void> {
  const after = await listFiles(root);
  const on = (path: string): string => {
    if (STRANGE.test(path)) throw new TypeError(`mtools cannot write a file named ${JSON.stringify(path)}`);
    return `::/${path}`;
  };
  for (const [path, { kind }] of [...before].toReversed())
    if (!after.has(path)) await mtool([kind === "directory" ? "mrd" : "mdel", "-i", device, on(path)], {});
  for (const [path, { kind, mark }] of after) {
    if (before.get(path)?.mark === mark) continue;
    if (kind === "directory") await mtool(["mmd", "-i", device, on(path)], {});
    else await mtool(["mcopy", "-o", "-m", "-i", device, join(root, path), on(path)], {});
  }
}
