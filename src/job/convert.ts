// SPDX-License-Identifier: Apache-2.0
// Conversion alone (V2V): disk images whose system shall boot as a VM, changed through an overlay file or in place; and back.
import { mkdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Change, type Emit, type Preview, type SourceDisk, UserError } from "../core/index.ts";
import { applyChanges, openBlobs, sameState, undoChanges } from "../convert/index.ts";
import { commitOverlay, saveOverlay } from "../overlay/index.ts";
import { type Answers, type KeyAnswer, makeIntent, makeVm, stoppers } from "../plan/index.ts";
import { directoryView } from "../system/index.ts";
import {
  type Conversion,
  FILES_DIRECTORY,
  readConversion,
  writeConversion,
} from "./destination/conversion-record.ts";
import { extrasFor } from "./extras.ts";
import { openImages } from "./source/images.ts";
import { proposeChanges, refuseStoppers, renderDiffs } from "./plan.ts";
import { findDisks, openSource } from "./source/source.ts";
import { openWorkspace } from "./workspace.ts";

export type ConvertWay =
  /** Only the plan. */
  | { readonly kind: "plan" }
  /** New qcow2 files, one for each image, with the image as their backing file. */
  | { readonly kind: "overlay"; readonly files: readonly string[] }
  | { readonly kind: "in-place" };

type Call = { readonly signal: AbortSignal; readonly emit: Emit };

export type ConvertOptions = Call & {
  readonly answers: Answers;
  readonly way: ConvertWay;
  /** Takes the record, and each changed file before and after. A directory that is not there. */
  readonly directory: string;
  readonly version: string;
  readonly confirm: (preview: Preview, diffs: readonly (string | null)[]) => Promise<boolean>;
};

export type Converted = {
  readonly preview: Preview;
  readonly diffs: readonly (string | null)[];
  /** null: only planned, or the user said no. */
  readonly conversion: Conversion | null;
};

export async function convertImages(options: ConvertOptions): Promise<Converted> {
  const { answers, way, version, confirm, signal } = options;
  const directory = resolve(options.directory);
  if (way.kind !== "plan") await refuseExisting([directory, ...(way.kind === "overlay" ? way.files : [])]);
  const extras = await extrasFor(answers);
  await using workspace = await openWorkspace();
  const workDirectory = workspace.path;
  await using images = await openImages(answers.disks, { signal });
  const found = await findDisks(images.paths, { ...call(options), keys: answers.keys ?? [] });
  if (way.kind === "in-place") refuseDevices(found.disks);
  if (way.kind === "overlay" && way.files.length !== found.disks.length)
    throw wrong(
      `${way.files.length} overlay files for ${found.disks.length} images`,
      "Give --overlay once for each image, in their order",
    );
  const { preview, diffs, saved, made } = await withSource(async (source) => {
    // Beside the images only once somebody said yes; until then all is in the workspace.
    const blobs = await openBlobs(join(workDirectory, "blobs"));
    const made = makeIntent(answers, source);
    const work = { source, blobs, workDirectory, extras, ...call(options) };
    const proposal = await proposeChanges(work, made.intent);
    const plan = previewOf({ source, made, proposal });
    const texts = await renderDiffs(plan.changes, blobs);
    const none = { preview: plan, diffs: texts, saved: null, made: [] };
    if (way.kind === "plan") return none;
    if (stoppers(plan).length > 0) await confirm(plan, texts); // shown, then refused
    refuseStoppers(plan);
    if (!(await confirm(plan, texts))) return none;
    await mkdir(directory, { mode: 0o700 });
    const kept = await openBlobs(join(directory, FILES_DIRECTORY));
    await keepFiles(plan.changes, { from: blobs, to: kept });
    const directories =
      source.mounted === null
        ? []
        : await applyChanges(plan.changes, { root: source.mounted.directory, blobs: kept, signal });
    const files =
      way.kind === "overlay"
        ? way.files.map((file) => resolve(file))
        : overlayFiles(directory, found.disks.length);
    for (const [index, view] of (await source.seal()).entries())
      await saveOverlay(view, files[index] ?? "", { backing: images.backing(view.disk), signal });
    return { preview: plan, diffs: texts, saved: files, made: directories };
  });
  if (saved === null) return { preview, diffs, conversion: null };
  const conversion: Conversion = {
    format: "conversion/1",
    version,
    at: new Date().toISOString(),
    way: way.kind === "overlay" ? "overlay" : "in-place",
    images: found.disks.map((disk, index) => ({
      path: images.backing(disk).path,
      overlay: saved[index] ?? "",
    })),
    changes: preview.changes,
    made,
  };
  await writeConversion(directory, conversion);
  await images[Symbol.asyncDispose]();
  if (way.kind === "in-place") await writeInPlace(saved, signal);
  return { preview, diffs, conversion };

  async function withSource<T>(
    act: (source: Awaited<ReturnType<typeof openSource>>) => Promise<T>,
  ): Promise<T> {
    await using source = await openSource(found, { ...call(options), workDirectory, asIs: false });
    return await act(source);
  }
}

/** QEMU's lock keeps others out of an image until it is written; of a device somebody could mount a file system meanwhile. */
function refuseDevices(disks: readonly SourceDisk[]): void {
  const device = disks.find(({ kind }) => kind === "device");
  if (device !== undefined)
    throw wrong(
      `${device.path} is a block device, and only images are changed in place`,
      "Give --overlay FILE, or take an image of it first",
    );
}

const call = ({ signal, emit }: Call): Call => ({ signal, emit });
const overlayFiles = (directory: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => join(directory, `disk-${index + 1}.qcow2`));

function previewOf(options: {
  source: Awaited<ReturnType<typeof openSource>>;
  made: ReturnType<typeof makeIntent>;
  proposal: Awaited<ReturnType<typeof proposeChanges>>;
}): Preview {
  const { source, made, proposal } = options;
  return {
    format: "plan/1",
    intent: made.intent,
    guest: proposal.guest,
    vm: makeVm(made.intent, proposal.guest),
    place: { hypervisor: "files", kvm: false, networks: [], linkUp: true, autostart: false },
    changes: proposal.changes,
    problems: [...source.problems, ...made.problems, ...proposal.problems],
    disks: source.usage,
  };
}

type Blobs = Awaited<ReturnType<typeof openBlobs>>;

async function keepFiles(
  changes: readonly Change[],
  { from, to }: { from: Blobs; to: Blobs },
): Promise<void> {
  for (const { before, after } of changes)
    for (const state of [before, after])
      if (state.kind === "bytes") await to.putFile(await from.path(state.sha256));
}

export type Undone = {
  readonly images: readonly string[];
  /** Files that have their state of before again. */
  readonly restored: readonly string[];
  /** Files that somebody changed since the conversion, and that stay as they are. */
  readonly left: readonly string[];
};

export type UndoOptions = Call & {
  readonly force: boolean;
  readonly keys: readonly KeyAnswer[];
  /** Where the images are by now; empty: where they were. */
  readonly images: readonly string[];
};

/**
 * Gives each file of a conversion in place its content, mode, owner and attributes of before. UserError `changed-since`, before
 * anything is written, when some are not as the conversion left them and `force` does not say that these stay.
 */
export async function undoConversion(
  directory: string,
  { force, keys, images: moved, signal, emit }: UndoOptions,
): Promise<Undone> {
  const { way, changes, made, images: recorded } = await readConversion(directory);
  if (moved.length > 0 && moved.length !== recorded.length)
    throw wrong(
      `${moved.length} images for a conversion of ${recorded.length}`,
      "Give all of them, in their order, or none where they are still in their places",
    );
  const images = moved.length > 0 ? moved : recorded.map(({ path }) => path);
  if (way === "overlay")
    throw wrong(
      `${directory} is a conversion through overlay files: its images were never changed`,
      `Remove ${recorded.map(({ overlay }) => overlay).join(", ")}, and it is undone`,
    );
  await using workspace = await openWorkspace();
  const workDirectory = workspace.path;
  await using shown = await openImages(images, { signal });
  const found = await findDisks(shown.paths, { keys, signal, emit });
  refuseDevices(found.disks);
  const files = found.disks.map(({ number }) => join(resolve(directory), `undo-${number}.qcow2`));
  await refuseExisting(files);
  const { restored, left } = await takeBack();
  await shown[Symbol.asyncDispose]();
  await writeInPlace(files, signal);
  return { images, restored, left };

  async function takeBack(): Promise<Pick<Undone, "restored" | "left">> {
    await using source = await openSource(found, { signal, emit, workDirectory, asIs: false });
    if (source.mounted === null)
      throw wrong(`There is no installed system on the images any more`, "Nothing was changed");
    const { directory: root } = source.mounted;
    const changedSince = await differing(changes, root);
    if (changedSince.length > 0 && !force)
      throw new UserError(
        "conversion",
        "changed-since",
        `These files are not as the conversion left them: ${changedSince.slice(0, 10).join(", ")}${changedSince.length > 10 ? " ..." : ""}`,
        { advice: "Nothing was undone; with --force they stay as they are, and all others go back" },
      );
    const back = changes.filter(({ path }) => !changedSince.includes(path));
    const blobs = await openBlobs(join(directory, FILES_DIRECTORY));
    await undoChanges(back, { root, blobs, signal, made });
    for (const [index, view] of (await source.seal()).entries())
      await saveOverlay(view, files[index] ?? "", { backing: shown.backing(view.disk), signal });
    return { restored: back.map(({ path }) => path), left: changedSince };
  }
}

/** The overlay file goes last: until then it holds all that an interrupted write needs. */
async function writeInPlace(files: readonly string[], signal: AbortSignal): Promise<void> {
  for (const file of files) {
    try {
      await commitOverlay(file, { signal });
    } catch (cause) {
      throw new UserError(
        "destination",
        "image-not-written",
        `The changes could not be written into the image`,
        {
          advice: `Mend what is told below, then run: qemu-img commit -d ${file}`,
          cause,
        },
      );
    }
    await rm(file, { force: true });
  }
}

/** Paths whose state in the guest is not the one after the conversion. */
async function differing(changes: readonly Change[], root: string): Promise<readonly string[]> {
  const view = directoryView(root);
  const paths: string[] = [];
  for (const { path, after } of changes) {
    const now = await view.state(path);
    if (!sameState(now, after)) paths.push(path);
  }
  return paths;
}

async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths)
    if ((await stat(path).catch(() => null)) !== null)
      throw new UserError("destination", "destination-exists", `${path} is there already`, {
        advice: "Name another one, or remove it if it is no longer needed",
      });
}

const wrong = (text: string, advice: string): UserError =>
  new UserError("usage", "convert-wrong", text, { advice });
