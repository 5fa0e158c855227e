// SPDX-License-Identifier: Apache-2.0
// What the guest's programs did in a copy of the guest: the upper directories of its overlayfs, read as changes. Hostile:
// bounded, devices and sockets are left out, and no link is followed.
import { lstat, opendir, readlink } from "node:fs/promises";
import { type Blobs, type Change, type FileState, formatBytes, type GuestView } from "../../core/index.ts";
import { changeableState, isErrno, readAllXattrs } from "../../system/index.ts";
import { sameState } from "../apply/merge.ts";

export type Layer = {
  /** Where in the guest it is mounted: `/`, `/boot`. */
  readonly at: string;
  /** The upper directory on this computer; nobody writes to it any more. */
  readonly upper: string;
};

type Found = Omit<Change, "step" | "why">;

const MAX_FILES = 50_000;
const MAX_BYTES = 4 * 2 ** 30;

type Options = {
  /** The guest before. */
  readonly base: GuestView;
  readonly blobs: Blobs;
  /** Paths, canonical, that are left out. */
  readonly ignores: (path: string) => boolean;
  readonly signal: AbortSignal;
};

/** Parents come before what is in them; removed directories after what was in them. RangeError beyond every bound. */
export async function readDifference(layers: readonly Layer[], options: Options): Promise<readonly Found[]> {
  const changes: Found[] = [];
  const taken = { files: 0, bytes: 0 };
  for (const { at, upper } of layers) {
    const xattrs = await readAllXattrs(upper, { signal: options.signal });
    await walk(at === "/" ? "" : at, upper, { ...options, xattrs, changes, taken });
  }
  return changes;
}

type Walk = Options & {
  readonly xattrs: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly changes: Found[];
  readonly taken: { files: number; bytes: number };
};

/** `path` without a slash at its end: empty for the root. */
async function walk(path: string, upper: string, context: Walk): Promise<void> {
  const { base, xattrs, ignores, signal } = context;
  const names = await namesIn(upper);
  // An opaque directory hides what lay below (overlayfs.rst of the kernel).
  const isOpaque = xattrs.get(upper)?.["trusted.overlay.opaque"] !== undefined;
  const hidden = isOpaque ? (await base.list(path || "/")).filter((name) => !names.includes(name)) : [];
  for (const name of hidden) if (!ignores(`${path}/${name}`)) await remove(`${path}/${name}`, context);
  for (const name of names) {
    signal.throwIfAborted();
    const [child, place] = [`${path}/${name}`, `${upper}/${name}`];
    if (ignores(child)) continue;
    const stat = await lstat(place).catch(tooDeep);
    const before = await changeableState(base, child);
    if (before === null) continue; // a device, fifo or socket of the guest, or a file beyond every size
    if (stat.isCharacterDevice() && stat.rdev === 0) {
      await remove(child, context); // a whiteout
      continue;
    }
    if (stat.isDirectory()) {
      if (before.kind !== "directory" && before.kind !== "absent")
        throw new RangeError(`${child} would become a directory`);
      // An existing directory keeps its attributes: a change of it would stand for all that is in it.
      if (before.kind === "absent")
        add({ path: child, before, after: directoryState(stat, place, xattrs) }, context);
      await walk(child, place, context);
      continue;
    }
    if (before.kind === "directory") throw new RangeError(`The directory ${child} would become a file`);
    const after = await stateAfter(place, stat, context);
    if (after === null || sameState(before, after)) continue;
    if (before.kind === "bytes") await keep(child, context);
    add({ path: child, before, after }, context);
  }
}

/** Bounded while reading: a script can make more names than fit into memory. */
async function namesIn(directory: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(directory, { bufferSize: 1024 }).catch(tooDeep)) {
    if (!name.includes("\ufffd")) names.push(name);
    if (names.length > MAX_FILES) throw new RangeError(`It changes more than ${MAX_FILES} files`);
  }
  return names.toSorted();
}

function tooDeep(error: unknown): never {
  if (isErrno(error, "ENAMETOOLONG"))
    throw new RangeError("It makes directories deeper than any path", { cause: error });
  throw error;
}

function add(change: Found, { changes, taken }: Walk): void {
  taken.files += 1;
  if (taken.files > MAX_FILES) throw new RangeError(`It changes more than ${MAX_FILES} files`);
  changes.push(change);
}

async function remove(path: string, context: Walk): Promise<void> {
  const before = await changeableState(context.base, path);
  if (before === null || before.kind === "absent") return;
  if (before.kind === "directory")
    for (const name of await context.base.list(path)) await remove(`${path}/${name}`, context);
  if (before.kind === "bytes") await keep(path, context);
  add({ path, before, after: { kind: "absent" } }, context);
}

/** The bytes before are kept, so that the change can be shown and taken back. */
async function keep(path: string, { base, blobs }: Walk): Promise<void> {
  const bytes = await base.read(path, { maxBytes: 2 ** 29 });
  if (bytes !== null) await blobs.put(bytes);
}

type Stat = Awaited<ReturnType<typeof lstat>>;

async function stateAfter(
  place: string,
  stat: Stat,
  { blobs, xattrs, taken }: Walk,
): Promise<FileState | null> {
  const attributes = attributesOf(stat, place, xattrs);
  if (stat.isSymbolicLink()) return { kind: "link", target: await readlink(place), ...attributes };
  if (!stat.isFile()) return null;
  taken.bytes += Number(stat.size);
  if (taken.bytes > MAX_BYTES) throw new RangeError(`It writes more than ${formatBytes(MAX_BYTES)}`);
  return { kind: "bytes", ...(await blobs.putFile(place)), ...attributes };
}

const directoryState = (stat: Stat, place: string, xattrs: Walk["xattrs"]): FileState => ({
  kind: "directory",
  ...attributesOf(stat, place, xattrs),
});

function attributesOf(
  { mode, uid, gid }: Stat,
  place: string,
  xattrs: Walk["xattrs"],
): { mode: number; uid: number; gid: number; xattrs: Readonly<Record<string, string>> } {
  const own = Object.entries(xattrs.get(place) ?? {}).filter(
    ([name]) => !name.startsWith("trusted.overlay."),
  );
  return { mode: Number(mode) & 0o7777, uid: Number(uid), gid: Number(gid), xattrs: Object.fromEntries(own) };
}
