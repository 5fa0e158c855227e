// SPDX-License-Identifier: Apache-2.0
// The only writer of conversion: puts proposed changes into a mounted guest, or takes them back. It decides nothing.
import { type Blobs, type Change, type FileState, UserError } from "../../core/index.ts";
import { directoryView } from "../../system/index.ts";
import { sameState } from "./merge.ts";
import { openParent, putState, removeIfEmpty } from "./place.ts";

export type ApplyOptions = {
  /** Where the guest is mounted. */
  readonly root: string;
  readonly blobs: Blobs;
  readonly signal: AbortSignal;
};

/**
 * Returns the directories that were made for new files, in their order. UserError `guest-changed`, before anything is
 * written, if a file is not as it was when the change was proposed.
 */
export async function applyChanges(
  changes: readonly Change[],
  options: ApplyOptions,
): Promise<readonly string[]> {
  const view = directoryView(options.root);
  for (const change of changes) {
    options.signal.throwIfAborted();
    await checkBefore(change, await view.state(change.path), await view.resolve(parentOf(change.path)));
  }
  const made: string[] = [];
  for (const change of changes) {
    options.signal.throwIfAborted();
    await applyOne(change, { ...options, made });
  }
  return made;
}

/** Restores every file, last change first; `made` directories are removed, unless something else is in them by now. */
export async function undoChanges(
  changes: readonly Change[],
  { made = [], ...options }: ApplyOptions & { readonly made?: readonly string[] },
): Promise<void> {
  const back = changes.map((change) => ({ ...change, before: change.after, after: change.before }));
  await applyChanges(back.toReversed(), options);
  for (const path of made.toReversed()) {
    if (!isPlainPath(path)) throw new TypeError(`No path inside a guest: ${path}`);
    await using parent = await openParent(options.root, path, { make: false });
    if (parent !== null) await removeIfEmpty(parent);
  }
}

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));

async function checkBefore(change: Change, now: FileState, realParent: string | null): Promise<void> {
  if (!isPlainPath(change.path)) throw new TypeError(`No path inside a guest: ${change.path}`);
  const moved = realParent !== null && realParent !== parentOf(change.path);
  if (!moved && sameState(now, change.before)) return;
  throw new UserError(
    "guest-changed",
    `${change.path} in the guest is not as it was when the plan was made`,
    {
      advice: "Something wrote to the guest in between; make the plan again",
    },
  );
}

/** Absolute, no empty, `.` or `..` components. */
function isPlainPath(path: string): boolean {
  const [first, ...names] = path.split("/");
  return (
    first === "" &&
    names.length > 0 &&
    names.every((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\0"))
  );
}

type Applying = ApplyOptions & { readonly made: string[] };

async function applyOne({ path, before, after }: Change, { root, blobs, made }: Applying): Promise<void> {
  const make = after.kind !== "absent";
  await using parent = await openParent(root, path, { make, onMade: (directory) => made.push(directory) });
  if (parent === null) return;
  await putState(parent, { before, after, blobs });
}
