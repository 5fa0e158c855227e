// SPDX-License-Identifier: Apache-2.0
// Writes the probe's files below a mounted guest root of a throw-away layer. A guest's symbolic links never lead out.
import { constants } from "node:fs";
import { lstat, mkdir, open, readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/index.ts";
import { inheritLabel, isErrno } from "../../system/index.ts";
import type { ProbeFile } from "./probe-files.ts";

/**
 * `rootDirectory`: where the layer's root file system is mounted. What lies at a path already is replaced. False: nothing in
 * the guest would start it.
 */
export async function installProbe(rootDirectory: string, files: readonly ProbeFile[]): Promise<boolean> {
  for (const file of files) {
    const names = split(file.path);
    const base = names.pop();
    if (base === undefined) throw new TypeError(`No file name in ${file.path}`);
    const directory = await makeParents(rootDirectory, names);
    const path = join(directory, base);
    if (file.kind === "line") {
      if (await appendLine(path, file)) continue;
      return false;
    }
    await rm(path, { force: true });
    if (file.kind === "link") await symlink(file.linkTarget, path);
    else await writeNew(path, file);
    await inheritLabel(path, directory);
  }
  return true;
}

/** Resolves each component as chroot would, makes what is absent; the result lies below `root`. */
async function makeParents(root: string, names: readonly string[]): Promise<string> {
  const todo = [...names];
  let inside: string[] = [];
  for (let links = 0; todo.length > 0; ) {
    const name = todo.shift() ?? "";
    if (name === "..") {
      inside = inside.slice(0, -1);
      continue;
    }
    const path = join(root, ...inside, name);
    const found = await lstat(path).catch((error: unknown) => {
      if (isErrno(error, "ENOENT")) return null;
      throw error;
    });
    if (found?.isSymbolicLink() === true) {
      links += 1;
      if (links > 40) throw blocked(`/${[...inside, name].join("/")}`, "is a loop of symbolic links");
      const target = await readlink(path);
      if (target.startsWith("/")) inside = [];
      todo.unshift(...split(target));
      if (todo.length > 1000) throw blocked(`/${name}`, "is a symbolic link without end");
      continue;
    }
    if (found === null) {
      await mkdir(path, { mode: 0o755 });
      await inheritLabel(path, join(root, ...inside));
    } else if (!found.isDirectory()) throw blocked(`/${[...inside, name].join("/")}`, "is not a directory");
    inside.push(name);
  }
  return join(root, ...inside);
}

async function writeNew(path: string, file: ProbeFile & { kind: "file" }): Promise<void> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  const handle = await open(path, flags, file.mode);
  try {
    await handle.writeFile(file.content);
    await handle.chmod(file.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Far above any inittab that a person wrote. */
const MAX_TEXT_BYTES = 2 ** 20;

async function appendLine(
  path: string,
  { line, among }: Pick<ProbeFile & { kind: "line" }, "line" | "among">,
): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  if (found?.isFile() !== true || found.size > MAX_TEXT_BYTES) return false;
  await using handle = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  const text = await handle.readFile("latin1");
  if (!among.test(text)) return false;
  await handle.writeFile(`${text.endsWith("\n") ? "" : "\n"}${line}\n`);
  await handle.sync();
  return true;
}

const split = (path: string): string[] => path.split("/").filter((name) => name !== "" && name !== ".");

const blocked = (path: string, why: string): UserError =>
  new UserError("probe-path", `The boot probe cannot be put into the guest: ${path} ${why}`, {
    advice: "Start the VM by hand, or run again with --no-boot-check",
  });
