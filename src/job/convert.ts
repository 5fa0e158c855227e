// SPDX-License-Identifier: Apache-2.0
// Conversion alone (V2V): disk images whose system shall boot as a VM, changed through an overlay file or in place.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Blobs, Change, Emit, Preview, SourceDisk } from "../core/index.ts";
import { walkChain } from "../chain/index.ts";
import { applyChanges, openBlobs } from "../convert/index.ts";
import { type Answers, makeIntent, makeVm, stoppers } from "../plan/index.ts";
import {
  conversionError,
  type OverlayFile,
  refuseDevices,
  refuseExisting,
  saveOverlays,
  writeInPlace,
} from "./conversion/overlay-files.ts";
import { type Conversion, FILES_DIRECTORY, writeConversion } from "./conversion/record.ts";
import { withChain } from "./chain-problems.ts";
import { extrasFor } from "./extras.ts";
import { proposeChanges, refuseStoppers } from "./plan.ts";
import { openImages } from "./source/images.ts";
import { findDisks, openSource, type OpenSource } from "./source/source.ts";
import { refuseWithoutSystem } from "./source/root/without-system.ts";
import { openWorkspace } from "./workspace.ts";

export type ConvertWay =
  /** Only the plan. */
  | { readonly kind: "plan" }
  /** New qcow2 files, one for each image, with the image as their backing file. */
  | { readonly kind: "overlay"; readonly files: readonly string[] }
  | { readonly kind: "in-place" };

export type ConvertOptions = {
  readonly answers: Answers;
  readonly way: ConvertWay;
  /** For the record, and each changed file before and after. It must not exist yet. */
  readonly directory: string;
  readonly version: string;
  readonly confirm: (preview: Preview) => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

export type Converted = {
  readonly preview: Preview;
  /** null: only planned, or the user declined. */
  readonly conversion: Conversion | null;
};

export async function convertImages({
  answers,
  way,
  directory: named,
  version,
  confirm,
  signal,
  emit,
}: ConvertOptions): Promise<Converted> {
  const call = { signal, emit };
  const directory = resolve(named);
  if (way.kind !== "plan") await refuseExisting([directory, ...(way.kind === "overlay" ? way.files : [])]);
  const extras = await extrasFor(answers);
  await using workspace = await openWorkspace();
  const workDirectory = workspace.path;
  await using images = await openImages(answers.disks, { signal });
  const found = await findDisks(images.paths, { ...call, keys: answers.keys ?? [] });
  const files = overlayFiles(way, { disks: found.disks, directory });
  const { preview, made } = await changeOverlay();
  if (made === null) return { preview, conversion: null };
  const conversion: Conversion = {
    format: "conversion/1",
    version,
    at: new Date().toISOString(),
    way: way.kind === "overlay" ? "overlay" : "in-place",
    images: files.map(({ disk, path }) => ({ path: images.backing(disk).path, overlay: path })),
    changes: preview.changes,
    made,
  };
  await writeConversion(directory, conversion);
  await images[Symbol.asyncDispose](); // nobody can write to a qcow2 while a view of it is open
  if (way.kind === "in-place") await writeInPlace(files, signal);
  return { preview, conversion };

  /** `made`: directories made for new files; null: nothing was changed. */
  async function changeOverlay(): Promise<{ preview: Preview; made: readonly string[] | null }> {
    await using source = await openSource(found, {
      ...call,
      workDirectory,
      asIs: false,
      root: answers.root ?? null,
      ...(answers.was === undefined ? {} : { was: answers.was }),
    });
    refuseWithoutSystem(source, "convert");
    // Beside the images only after the user agreed; until then everything is in the workspace.
    const blobs = await openBlobs(join(workDirectory, "blobs"));
    const plan = await makePreview(source, { answers, blobs, workDirectory, extras, ...call });
    if (way.kind === "plan") return { preview: plan, made: null };
    if (stoppers(plan).length > 0) await confirm(plan); // shown, then refused
    refuseStoppers(plan);
    if (!(await confirm(plan))) return { preview: plan, made: null };
    await mkdir(directory, { mode: 0o700 });
    const kept = await openBlobs(join(directory, FILES_DIRECTORY));
    await keepFiles(plan.changes, { from: blobs, to: kept });
    const root = source.mounted?.directory ?? null;
    const directories = root === null ? [] : await applyChanges(plan.changes, { root, blobs: kept, signal });
    await saveOverlays(await source.seal(), files, { images, signal });
    return { preview: plan, made: directories };
  }
}

/** In place they are in `directory` until they are written into the images. */
function overlayFiles(
  way: ConvertWay,
  { disks, directory }: { disks: readonly SourceDisk[]; directory: string },
): readonly OverlayFile[] {
  if (way.kind === "plan") return [];
  if (way.kind === "in-place") {
    refuseDevices(disks);
    return disks.map((disk, index) => ({ disk, path: join(directory, `disk-${index + 1}.qcow2`) }));
  }
  if (way.files.length !== disks.length)
    throw conversionError(
      `${way.files.length} overlay files for ${disks.length} images`,
      "Give --overlay once for each image, in their order",
    );
  return disks.map((disk, index) => ({ disk, path: resolve(way.files[index] ?? "") }));
}

type Context = Omit<Parameters<typeof proposeChanges>[0], "source" | "known"> & { readonly answers: Answers };

async function makePreview(source: OpenSource, { answers, ...context }: Context): Promise<Preview> {
  const { intent, problems } = makeIntent(answers, source);
  const proposal = await proposeChanges({ source, ...context, known: problems }, intent);
  const { guest, view } = proposal;
  const vm = makeVm(intent, guest);
  const chain =
    guest === null || view === null
      ? null
      : await walkChain({ view, guest, intent, vm, signal: context.signal });
  const found = [...source.problems, ...problems, ...proposal.problems];
  return {
    format: "plan/1",
    intent,
    guest,
    vm,
    place: { hypervisor: "files", kvm: false, networks: [], linkUp: true, autostart: false },
    changes: proposal.changes,
    // The images are there already, and whoever converts them may know how they are started.
    problems: withChain(found, chain, { severity: "warns" }),
    chain,
    disks: source.usage,
  };
}

async function keepFiles(
  changes: readonly Change[],
  { from, to }: { from: Blobs; to: Blobs },
): Promise<void> {
  for (const { before, after } of changes)
    for (const state of [before, after])
      if (state.kind === "bytes") await to.putFile(await from.path(state.sha256));
}
