// SPDX-License-Identifier: Apache-2.0
// A package file of extras/: its metadata, and the kernels it has drivers for. Its metadata counts, its file name does not.
import { lastWords } from "../../core/index.ts";
import { open } from "node:fs/promises";
import { RunError, run } from "../../system/index.ts";
import { moduleName } from "../initramfs/modules.ts";
import { INDEX_ROOM, MAX_RPM_HEADER_BYTES, parseRpm } from "./rpm-header.ts";

export type DriverPackage = {
  /** On this computer. */
  readonly path: string;
  readonly kind: "deb" | "rpm";
  readonly name: string;
  readonly version: string;
  /** As the package says: `amd64`, `x86_64`, `noarch`. */
  readonly arch: string;
  /** Names of packages and capabilities, without versions. */
  readonly needs: readonly string[];
  readonly provides: readonly string[];
  /** Names of modules, with underscores, by the kernel release whose directory they are in. */
  readonly modules: ReadonlyMap<string, ReadonlySet<string>>;
  /** Releases of the kernels in it: /boot/vmlinuz-RELEASE, or vmlinuz beside the modules. */
  readonly kernels: readonly string[];
  /** Programs in it, by name. */
  readonly programs: readonly string[];
};

const MAX_LIST_BYTES = 32 * 2 ** 20;

/** RangeError with the reason if it is not a package, damaged, or out of all bounds. */
export async function readPackage(path: string, { signal }: { signal: AbortSignal }): Promise<DriverPackage> {
  return path.endsWith(".rpm") ? await readRpm(path) : await readDeb(path, signal);
}

async function readRpm(path: string): Promise<DriverPackage> {
  await using file = await open(path, "r");
  const bytes = Buffer.alloc(Math.min((await file.stat()).size, MAX_RPM_HEADER_BYTES + INDEX_ROOM));
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  const { files, ...about } = parseRpm(bytes.subarray(0, at));
  return { path, kind: "rpm", ...about, ...contentsOf(files) };
}

/** dpkg-deb only lists here: nothing is unpacked to a disk. */
async function readDeb(path: string, signal: AbortSignal): Promise<DriverPackage> {
  const ask = async (argv: readonly string[]): Promise<string> => {
    try {
      return (await run(["dpkg-deb", ...argv], { signal, maxOutputBytes: MAX_LIST_BYTES })).stdout;
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      throw new RangeError(`dpkg-deb cannot read it: ${lastWords(error.stderr, { lines: 1 })}`, {
        cause: error,
      });
    }
  };
  const format = ["Package", "Version", "Architecture", "Pre-Depends", "Depends", "Provides"];
  const fields = await ask([
    `--showformat=${format.map((name) => `\${${name}}\\n`).join("")}`,
    "--show",
    path,
  ]);
  const [name = "", version = "", arch = "", before = "", needs = "", provides = ""] = fields.split("\n");
  return {
    path,
    kind: "deb",
    name,
    version,
    arch,
    needs: [...relations(before), ...relations(needs)],
    provides: relations(provides),
    ...contentsOf(listedFiles(await ask(["--contents", path]))),
  };
}

/** `a (>= 1) | b, c:any` as a, b, c (deb-control(5)). Pure. */
export function relations(text: string): readonly string[] {
  return text
    .split(/[,|]/)
    .map((need) => need.trim().split(/[\s(:[]/)[0] ?? "")
    .filter((need) => need !== "");
}

/** Names in what `tar -tv` prints: mode, owner, size, day, time, name; a link has ` -> ` behind it. Pure. */
export function listedFiles(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const name = /^-\S+ +\S+ +\d+ +\S+ +\S+ +\.?(\/.+)$/.exec(line)?.[1];
    return name === undefined ? [] : [name.replace(/ link to .*$/, "")];
  });
}

type Contents = Pick<DriverPackage, "modules" | "kernels" | "programs">;

/** Pure. */
export function contentsOf(files: readonly string[]): Contents {
  const modules = new Map<string, Set<string>>();
  const kernels = new Set<string>();
  const programs: string[] = [];
  for (const file of files) {
    const [, release = "", rest = ""] = /^(?:\/usr)?\/lib\/modules\/([^/]{1,127})\/(.+)$/.exec(file) ?? [];
    const kernel =
      /^\/boot\/vmlinuz-([^/]{1,127})$/.exec(file)?.[1] ?? (rest === "vmlinuz" ? release : undefined);
    if (kernel !== undefined) kernels.add(kernel);
    if (/\.ko(?:\.(?:gz|xz|zst|bz2))?$/.test(rest))
      modules.set(release, (modules.get(release) ?? new Set()).add(moduleName(rest)));
    const program = /^\/(?:usr\/)?s?bin\/([^/]+)$/.exec(file)?.[1];
    if (program !== undefined) programs.push(program);
  }
  return { modules, kernels: [...kernels], programs };
}
