// SPDX-License-Identifier: Apache-2.0
// The way back from a conversion in place: every changed file is restored.
import { join, resolve } from "node:path";
import { type Change, type Emit, UserError } from "../core/index.ts";
import { openBlobs, sameState, undoChanges } from "../convert/index.ts";
import type { KeyAnswer } from "../plan/index.ts";
import { directoryView } from "../system/index.ts";
import {
  conversionError,
  refuseDevices,
  refuseExisting,
  saveOverlays,
  writeInPlace,
} from "./conversion/overlay-files.ts";
import { type Conversion, FILES_DIRECTORY, readConversion } from "./conversion/record.ts";
import { openImages } from "./source/images.ts";
import { findDisks, openSource } from "./source/source.ts";
import { openWorkspace } from "./workspace.ts";

export type Undone = {
  readonly images: readonly string[];
  /** Paths of restored files. */
  readonly restored: readonly string[];
  /** Paths of files that somebody changed since the conversion; they stay as they are. */
  readonly left: readonly string[];
};

export type UndoOptions = {
  readonly force: boolean;
  readonly keys: readonly KeyAnswer[];
  readonly root: string | null;
  /** Where the images are by now; empty: where they were. */
  readonly images: readonly string[];
  /** Asked once there is something to undo; false ends it. */
  readonly confirm: () => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/**
 * null: the user said no. Restores each file's content, mode, owner and attributes. UserError `changed-since`, before anything is written, if some
 * are not as the conversion left them; with `force` those stay as they are.
 */
export async function undoConversion(
  directory: string,
  { force, keys, root: wanted, images: moved, confirm, signal, emit }: UndoOptions,
): Promise<Undone | null> {
  const conversion = await readConversion(directory);
  const paths = imagesOf(conversion, { directory, moved });
  if (!(await confirm())) return null;
  await using workspace = await openWorkspace();
  await using images = await openImages(paths, { signal });
  const found = await findDisks(images.paths, { keys, signal, emit });
  refuseDevices(found.disks);
  const files = found.disks.map((disk) => ({
    disk,
    path: join(resolve(directory), `undo-${disk.number}.qcow2`),
  }));
  await refuseExisting(files.map(({ path }) => path));
  const { restored, left } = await takeBack();
  await images[Symbol.asyncDispose](); // nobody can write to a qcow2 while a view of it is open
  await writeInPlace(files, signal);
  return { images: paths, restored, left };

  async function takeBack(): Promise<Pick<Undone, "restored" | "left">> {
    await using source = await openSource(found, {
      signal,
      emit,
      workDirectory: workspace.path,
      asIs: false,
      root: wanted,
    });
    if (source.mounted === null)
      throw conversionError("There is no installed system on the images any more", "Nothing was changed");
    const root = source.mounted.directory;
    const changed = await changedSince(conversion.changes, root);
    if (changed.length > 0 && (await isAsBefore(conversion.changes, root)))
      throw conversionError(
        "The conversion was undone already: every file is as it was before",
        "There is nothing to do",
      );
    if (changed.length > 0 && !force) throw refusal(changed);
    const back = conversion.changes.filter(({ path }) => !changed.includes(path));
    const blobs = await openBlobs(join(directory, FILES_DIRECTORY));
    await undoChanges(back, { root, blobs, signal, made: conversion.made });
    await saveOverlays(await source.seal(), files, { images, signal });
    return { restored: back.map(({ path }) => path), left: changed };
  }
}

/** Where its images are now. UserError (usage) if there is nothing to undo, or if their number is wrong. */
function imagesOf(
  { way, images }: Conversion,
  { directory, moved }: { directory: string; moved: readonly string[] },
): readonly string[] {
  if (moved.length > 0 && moved.length !== images.length)
    throw conversionError(
      `${moved.length} images for a conversion of ${images.length}`,
      "Give all of them, in their order, or none where they are still in their places",
    );
  if (way === "overlay")
    throw conversionError(
      `${directory} is a conversion through overlay files: its images were never changed`,
      `Remove ${images.map(({ overlay }) => overlay).join(", ")}, and it is undone`,
    );
  return moved.length > 0 ? moved : images.map(({ path }) => path);
}

/** Paths that are not as the conversion left them. */
async function changedSince(changes: readonly Change[], root: string): Promise<readonly string[]> {
  const view = directoryView(root);
  const paths: string[] = [];
  for (const { path, after } of changes) if (!sameState(await view.state(path), after)) paths.push(path);
  return paths;
}

async function isAsBefore(changes: readonly Change[], root: string): Promise<boolean> {
  const view = directoryView(root);
  for (const { path, before } of changes) if (!sameState(await view.state(path), before)) return false;
  return true;
}

function refusal(changed: readonly string[]): UserError {
  const names = `${changed.slice(0, 10).join(", ")}${changed.length > 10 ? " ..." : ""}`;
  return new UserError("changed-since", `These files are not as the conversion left them: ${names}`, {
    advice: "Nothing was undone; with --force they stay as they are, and all others go back",
  });
}
