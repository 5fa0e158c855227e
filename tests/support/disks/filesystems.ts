// SPDX-License-Identifier: Apache-2.0
// Makes file systems in files, with content, as an ordinary user: no mount, no loop device.
import { chmod, lstat, mkdir, open, readdir, readlink, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../../src/system/index.ts";
import { noise } from "../../../lab/noise.ts";

export { noise };

export type FilesystemType = "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "vfat" | "swap" | "none";

/** Content, a symbolic link, or content with a mode. Parents are made, mode 0755. */
export type TestFile =
  | string
  | Uint8Array
  | { readonly link: string }
  | { readonly content: string | Uint8Array; readonly mode: number };

export type FilesystemSpec = {
  readonly fs: FilesystemType;
  readonly label?: string;
  /** For vfat eight hexadecimal digits. */
  readonly uuid?: string;
  /** By absolute path inside the file system. vfat needs mtools; swap takes none; `none` takes `content`. */
  readonly files?: Readonly<Record<string, TestFile>>;
  /** A whole tree instead of, or below, `files` (ext, btrfs). */
  readonly tree?: string;
  /** The first bytes, for `none`. */
  readonly content?: Uint8Array;
  /** Blocks the file system never wrote hold old pseudo-random data, as on an aged disk; the file is not sparse. */
  readonly stale?: boolean;
  /** Passed to mkfs as they are. */
  readonly mkfsOptions?: readonly string[];
};

/** Makes `path` (it must not exist) of exactly `sizeBytes`; `scratch` is an own empty directory for its use. */
export async function makeFilesystem(
  path: string,
  { sizeBytes, scratch, spec }: { sizeBytes: number; scratch: string; spec: FilesystemSpec },
): Promise<void> {
  await writeFile(path, "", { flag: "wx" });
  await truncate(path, sizeBytes);
  if (spec.stale === true) await writeNoise(path, sizeBytes);
  if (spec.fs === "none") {
    if (spec.content !== undefined) await writeAt(path, spec.content, 0);
    return;
  }
  const tree = spec.tree ?? join(scratch, "tree");
  await mkdir(tree, { recursive: true, mode: 0o755 });
  await writeTree(tree, spec.files ?? {});
  await run(await mkfsArgv(path, { spec, tree, scratch, sizeBytes }), { timeoutMs: 120_000 });
  if (spec.fs === "vfat" && spec.files !== undefined) {
    const names = (await readdir(tree)).map((name) => join(tree, name));
    if (names.length > 0) await run(["mcopy", "-s", "-i", path, ...names, "::/"]);
  }
}

type MkfsInput = { spec: FilesystemSpec; tree: string; scratch: string; sizeBytes: number };

const option = (flag: string, value: string | undefined): string[] =>
  value === undefined ? [] : [flag, value];

async function mkfsArgv(
  path: string,
  { spec, tree, scratch, sizeBytes }: MkfsInput,
): Promise<readonly string[]> {
  const { label, uuid, mkfsOptions = [], stale = false } = spec;
  const named: string[] = [];
  switch (spec.fs) {
    case "ext2":
    case "ext3":
    case "ext4": {
      const extended = stale ? "nodiscard,lazy_itable_init=0" : "lazy_itable_init=0";
      named.push(...option("-L", label), ...option("-U", uuid));
      return [`mkfs.${spec.fs}`, "-q", "-F", "-E", extended, ...named, "-d", tree, ...mkfsOptions, path];
    }
    case "xfs": {
      const prototype = join(scratch, "prototype");
      await writeFile(prototype, await renderXfsPrototype(tree));
      // mkfs.xfs makes nothing below 300 MiB without the first option.
      const small = sizeBytes < 300 * 2 ** 20 ? ["--unsupported"] : [];
      const named = [...option("-L", label), ...(uuid === undefined ? [] : ["-m", `uuid=${uuid}`])];
      return ["mkfs.xfs", ...small, "-q", "-f", "-K", ...named, "-p", prototype, ...mkfsOptions, path];
    }
    case "btrfs":
      named.push(...option("-L", label), ...option("-U", uuid));
      return ["mkfs.btrfs", "-q", "-f", "-K", ...named, "--rootdir", tree, ...mkfsOptions, path];
    case "vfat":
      return ["mkfs.vfat", ...option("-n", label), ...option("-i", uuid), ...mkfsOptions, path];
    case "swap":
      return ["mkswap", ...option("-L", label), ...option("-U", uuid), ...mkfsOptions, path];
    case "none":
    default:
      throw new TypeError(`There is no mkfs for ${spec.fs}`);
  }
}

/** Writes files below a directory on this machine. */
export async function writeTree(root: string, files: Readonly<Record<string, TestFile>>): Promise<void> {
  for (const [name, file] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    if (typeof file === "string" || file instanceof Uint8Array) await writeFile(path, file);
    else if ("link" in file) await symlink(file.link, path);
    else {
      await writeFile(path, file.content);
      await chmod(path, file.mode);
    }
  }
}

/** The prototype file of mkfs.xfs(8). Names must have no white space; sources are absolute paths. */
async function renderXfsPrototype(tree: string): Promise<string> {
  const lines = ["/", "0 0", "d--755 0 0"];
  const walk = async (directory: string): Promise<void> => {
    for (const name of (await readdir(directory)).toSorted()) {
      const path = join(directory, name);
      const found = await lstat(path);
      const mode = (found.mode & 0o777).toString(8).padStart(3, "0");
      if (/\s/.test(name)) throw new TypeError(`White space in a name for mkfs.xfs -p: ${name}`);
      if (found.isDirectory()) {
        lines.push(`${name} d--${mode} 0 0`);
        await walk(path);
        lines.push("$");
      } else if (found.isSymbolicLink()) lines.push(`${name} l--777 0 0 ${await readlink(path)}`);
      else lines.push(`${name} ---${mode} 0 0 ${path}`);
    }
  };
  await walk(tree);
  return `${[...lines, "$"].join("\n")}\n`;
}

async function writeNoise(path: string, sizeBytes: number): Promise<void> {
  const unit = 4 * 2 ** 20;
  for (let at = 0; at < sizeBytes; at += unit)
    await writeAt(path, noise(`stale ${at}`, Math.min(unit, sizeBytes - at)), at);
}

/** Writes into an existing file. */
export async function writeAt(path: string, bytes: Uint8Array, offset: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
  } finally {
    await file.close();
  }
}
