// SPDX-License-Identifier: Apache-2.0
// Needs no tool of the guest: drivers go into a small archive of their own behind the existing initramfs, with what makes
// it load them. For tools that are broken, unknown, or of another architecture.
import { gzipSync } from "node:zlib";
import type { GuestView } from "../../core/index.ts";
import { joined, type NewFile, realPath, renderArchive } from "./archive.ts";
import { missingFiles, missingModules, modulesInside, type Wanted } from "./check.ts";
import type { InitramfsEntry } from "./cpio.ts";
import { compressionAt, decompress, MAX_UNPACKED_BYTES } from "./decompress.ts";
import { findLoading } from "./loading.ts";
import { type DepLine, renderModulesDep, renderModulesDepBin } from "./module-index.ts";
import { moduleName } from "./modules.ts";
import { type Initramfs, readInitramfs } from "./read.ts";

export type Appended =
  | {
      readonly kind: "appended";
      readonly bytes: Buffer;
      readonly modules: readonly string[];
      readonly how: string;
    }
  | { readonly kind: "failed"; readonly why: string };

/** The largest module of a distribution (a graphics driver) has about 10 MiB; ours have a hundredth of it. */
const MAX_MODULE_BYTES = 2 ** 25;

/** `bytes`: the initramfs as it is. The result is proven like every other, by opening it. */
export async function appendDrivers(
  bytes: Uint8Array,
  wanted: Wanted,
  { view, signal }: { view: GuestView; signal: AbortSignal },
): Promise<Appended> {
  let image: Initramfs;
  try {
    image = await readInitramfs(bytes, { signal });
  } catch (error) {
    if (error instanceof RangeError) return { kind: "failed", why: `it cannot be opened: ${error.message}` };
    throw error;
  }
  const { entries } = image;
  const names = missingModules(entries, wanted);
  const loading = findLoading(entries, names);
  if (typeof loading === "string") return { kind: "failed", why: loading };
  const files: NewFile[] = [];
  const put = (file: NewFile): void => void files.push({ ...file, path: realPath(file.path, entries) });
  const directory = moduleDirectory(entries, wanted.kernel);
  const places = new Map(modulesInside(entries, wanted.kernel));
  for (const name of names) {
    const found = await readModule(name, wanted, { view, signal });
    if (typeof found === "string") return { kind: "failed", why: found };
    const path = loading.flat ? `lib/p2v/${name}.ko` : `${directory}/${found.path}`;
    places.set(name, path);
    put({ path, mode: 0o644, content: found.content });
  }
  if (names.length > 0) {
    for (const file of loading.files) put(file);
    if (!loading.flat) for (const file of indexes(wanted, directory, places)) put(file);
  }
  for (const { paths, content } of missingFiles(entries, wanted))
    put({ path: paths[0] ?? "", mode: 0o644, content });
  const behind = await appendable(bytes, image, { kernel: wanted.kernel, signal });
  return {
    kind: "appended",
    bytes: joined(behind, renderArchive(files, entries)),
    modules: names,
    how: loading.kind,
  };
}

/** The real path of its modules. */
function moduleDirectory(entries: ReadonlyMap<string, InitramfsEntry>, kernel: string): string {
  for (const base of ["usr/lib/modules", "lib/modules"])
    if (entries.has(`${base}/${kernel}`)) return `${base}/${kernel}`;
  return realPath(`lib/modules/${kernel}`, entries);
}

type Module = { readonly path: string; readonly content: Uint8Array };

/** Unpacked, since its first loader may not know compression. A text: why not. */
async function readModule(
  name: string,
  { kernel, modules }: Wanted,
  { view, signal }: { view: GuestView; signal: AbortSignal },
): Promise<Module | string> {
  const listed = modules.path(name) ?? "";
  const relative = listed.startsWith("/") ? listed.split("/").slice(4).join("/") : listed;
  if (relative === "" || !/^[A-Za-z0-9._+/-]+$/.test(relative) || relative.split("/").includes(".."))
    return `the module ${name} has no file that could be named`;
  const packed = await view
    .read(`/lib/modules/${kernel}/${relative}`, { maxBytes: MAX_MODULE_BYTES })
    .catch((error: unknown) => {
      if (error instanceof RangeError) return null;
      throw error;
    });
  if (packed === null) return `/lib/modules/${kernel}/${relative} is not there`;
  const content = await unpackModule(Buffer.from(packed), signal);
  return content === null
    ? `/lib/modules/${kernel}/${relative} cannot be unpacked`
    : { path: relative.replace(/\.(xz|zst|gz|bz2)$/, ""), content };
}

async function unpackModule(packed: Buffer, signal: AbortSignal): Promise<Buffer | null> {
  if (packed.subarray(0, 4).toString("latin1") === "\u007fELF") return packed;
  const compression = compressionAt(packed, 0);
  if (compression === null || compression === "none") return null;
  const parts: Buffer[] = [];
  let length = 0;
  try {
    await decompress(packed, compression, {
      signal,
      take: (part) => {
        length += part.length;
        if (length > MAX_MODULE_BYTES) throw new RangeError("A module unpacks to more than a module has");
        parts.push(Buffer.from(part));
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return null;
    throw error;
  }
  const content = Buffer.concat(parts);
  return content.subarray(0, 4).toString("latin1") === "\u007fELF" ? content : null;
}

/** Of all modules that are inside now, by the names that their files have there. */
function indexes(
  { kernel, modules }: Wanted,
  directory: string,
  places: ReadonlyMap<string, string>,
): readonly NewFile[] {
  const relative = (name: string): string => {
    const place = places.get(name);
    if (place?.startsWith(`${directory}/`) === true) return place.slice(directory.length + 1);
    return modules.path(name) ?? `${name}.ko`;
  };
  const lines: DepLine[] = [];
  for (const [name, place] of places) {
    if (!place.startsWith(`${directory}/`)) continue;
    const needs = modules.withDependencies(name).slice(0, -1).toReversed();
    lines.push({ name: moduleName(place), path: relative(name), needs: needs.map(relative) });
  }
  const absolute = [...places.keys()].some((name) => modules.path(name)?.startsWith("/") === true);
  const base = absolute ? `/lib/modules/${kernel}/` : "";
  return [
    {
      path: `${directory}/modules.dep`,
      mode: 0o644,
      content: Buffer.from(renderModulesDep(lines, base), "latin1"),
    },
    { path: `${directory}/modules.dep.bin`, mode: 0o644, content: renderModulesDepBin(lines) },
  ];
}

/**
 * The initramfs in a form that can be followed by an archive. Kernels before 5.8 take what follows an lz4 part for its next
 * block (lib/decompress_unlz4.c): such a part is repacked by gzip, which every kernel of a distribution reads.
 */
async function appendable(
  bytes: Uint8Array,
  { parts }: Initramfs,
  { kernel, signal }: { kernel: string; signal: AbortSignal },
): Promise<Uint8Array> {
  const last = parts.at(-1);
  const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  const isOld = Number(major) < 5 || (Number(major) === 5 && Number(minor) < 8);
  if (last?.compression !== "lz4" || !isOld) return bytes;
  const unpacked: Buffer[] = [];
  let length = 0;
  await decompress(Buffer.from(bytes.subarray(last.start)), "lz4", {
    signal,
    take: (part) => {
      length += part.length;
      if (length > MAX_UNPACKED_BYTES)
        throw new RangeError(`It unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
      unpacked.push(Buffer.from(part));
    },
  });
  return Buffer.concat([bytes.subarray(0, last.start), gzipSync(Buffer.concat(unpacked))]);
}
