// SPDX-License-Identifier: Apache-2.0
// The initramfs of every bootable kernel, with the drivers of a VM inside: rebuilt by the guest's own tool. If that fails
// or leaves something out, the drivers are appended.
import {
  type FileState,
  type GuestView,
  type Kernel,
  makeProblem,
  named,
  type Problem,
} from "../../../core/index.ts";
import { changeableState, layeredView, readBounded } from "../../../system/index.ts";
import { step, type StepContext } from "../step.ts";
import { isForXenOnly } from "../../drivers/plain-kernel.ts";
import { appendDrivers } from "../../initramfs/append.ts";
import { COMMON_INPUTS, findBuilder } from "../../initramfs/builders.ts";
import { findMissing, type Wanted } from "../../initramfs/check.ts";
import { isRelease } from "../../initramfs/modules.ts";
import { MAX_INITRAMFS_BYTES, readInitramfs } from "../../initramfs/read.ts";
import { readWanted } from "../../initramfs/wanted.ts";
import type { Built, BuiltKernel } from "../../guest-tools/tools.ts";
import { listDrivers, WHY_DRIVERS } from "./initramfs-drivers.ts";

/** A kernel whose image must change, and what must be inside. */
type Stale = { readonly kernel: Kernel; readonly path: string; readonly wanted: Wanted };

export const initramfs = step(
  {
    name: "initramfs",
    explains:
      "Puts the drivers of a VM into the initramfs of every bootable kernel: with the guest's own tool, else by appending them",
  },
  async (context) => {
    const { guest, intent, blobs, signal, tools, emit, draft } = context;
    const kernels = guest.kernels.filter(
      (kernel) => kernel.bootable && isRelease(kernel.version) && !isForXenOnly(kernel, intent),
    );
    await listDrivers(kernels, context);
    const changes = [...context.changes, ...draft.proposal().changes];
    const later = { ...context, changes, view: layeredView(context.view, blobs, changes) };
    const staleImages = await findStale(kernels, later);
    const use = async (version: string, built: Built): Promise<void> => {
      const stale = staleImages.find(({ kernel }) => kernel.version === version);
      if (stale !== undefined) await takeBuilt(stale, built, later);
    };
    const builder = findBuilder(guest.initramfsTool);
    if (builder === null) {
      const why = guest.initramfsTool === "unknown" ? "none is known" : `${guest.initramfsTool} is not known`;
      for (const { kernel } of staleImages) await use(kernel.version, { kind: "failed", why });
    } else if (staleImages.length > 0) {
      const versions = staleImages.map(({ kernel }) => kernel.version).join(", ");
      emit({ type: "step", phase: "plan", text: `Building the initramfs of ${versions}` });
      const request = { script: builder.script, kernels: staleImages.map(toBuild), changes, blobs, signal };
      await tools.buildInitramfs(request, use);
    }
  },
);

const toBuild = ({ kernel, path, wanted: { modules, drivers } }: Stale): BuiltKernel => ({
  version: kernel.version,
  image: path,
  drivers: drivers.filter((driver) => modules.place(driver) === "module"),
});

/** Kernels whose image lacks something, or was made from files that change. `context`: as the guest will be. */
async function findStale(kernels: readonly Kernel[], context: StepContext): Promise<readonly Stale[]> {
  const { changes, guest, view, signal } = context;
  const inputs = findBuilder(guest.initramfsTool)?.inputs ?? COMMON_INPUTS;
  const changed = changes.some((change) => inputs.test(change.path));
  const stale: Stale[] = [];
  for (const kernel of kernels) {
    const wanted = await readWanted(kernel, context);
    const path = kernel.initramfs;
    if (path === null || wanted === null) continue;
    const isIncomplete = async (): Promise<boolean> => {
      const bytes = await readImage(view, path);
      return bytes === null || (await lacking(bytes, wanted, signal)) !== 0;
    };
    if (changed || (await isIncomplete())) stale.push({ kernel, path, wanted });
  }
  return stale;
}

/** null: there is none, or it is too large to boot. */
async function readImage(view: GuestView, path: string): Promise<Uint8Array | null> {
  return await view.read(path, { maxBytes: MAX_INITRAMFS_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError) return null;
    throw error;
  });
}

/** How many things are missing inside; Infinity where it cannot be opened. */
async function lacking(bytes: Uint8Array, wanted: Wanted, signal: AbortSignal): Promise<number> {
  try {
    return findMissing((await readInitramfs(bytes, { signal })).entries, wanted).length;
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY; // damaged: a new one is due
    throw error;
  }
}

/** Takes what the tool made, or else the old image, and appends what it lacks. `prove` judges the result. */
async function takeBuilt({ kernel, path, wanted }: Stale, built: Built, context: StepContext): Promise<void> {
  const { view, blobs, signal, draft } = context;
  if (built.kind === "built")
    for (const text of built.notes)
      draft.problem(
        makeProblem("initramfs-built-otherwise", {
          about: named("kernel", kernel.version),
          text: `${kernel.version}: ${text}`,
          advice: "Fix what it reports in the VM, before its initramfs is built there the next time",
        }),
      );
  const made =
    built.kind === "built" ? await readBounded(built.path, { maxBytes: MAX_INITRAMFS_BYTES }) : null;
  const base = made ?? (await readImage(view, path));
  const missing = base === null ? 0 : await lacking(base, wanted, signal);
  const appended =
    base === null || missing === 0 ? null : await appendDrivers(base, wanted, { view, signal });
  if (built.kind === "failed") draft.problem(notBuilt(kernel, built.why, appended));
  if (appended?.kind === "appended") {
    const modules = appended.modules.join(", ");
    const why = `${WHY_DRIVERS} (${kernel.version}; ${modules === "" ? "files" : modules} appended for ${appended.how})`;
    await replaceImage(path, { why, ...(await put(appended.bytes)) }, context);
  } else if (built.kind === "built") {
    const why = `${WHY_DRIVERS} (${kernel.version})`;
    await replaceImage(path, { why, ...(await blobs.putFile(built.path)) }, context);
  }

  async function put(bytes: Uint8Array): Promise<{ sha256: string; sizeBytes: number }> {
    return { sha256: await blobs.put(bytes), sizeBytes: bytes.length };
  }
}

type Appended = Awaited<ReturnType<typeof appendDrivers>> | null;

function notBuilt(kernel: Kernel, why: string, appended: Appended): Problem {
  const rest =
    appended === null
      ? "it stays as it is"
      : appended.kind === "appended"
        ? "the drivers of a VM were appended to it"
        : `the drivers could not be appended either: ${appended.why}`;
  return makeProblem("initramfs-not-built", {
    about: named("kernel", kernel.version),
    text: `The guest's own tool could not rebuild the initramfs of ${kernel.version} (${why}); ${rest}`,
    advice:
      appended?.kind === "appended"
        ? "A kernel update in the VM will run the same tool: fix it there, or on the machine before"
        : "Fix the tool on the machine (its own words are above), and try again",
  });
}

type Image = { readonly why: string; readonly sha256: string; readonly sizeBytes: number };

async function replaceImage(
  path: string,
  { why, ...content }: Image,
  { view, blobs, draft }: StepContext,
): Promise<void> {
  const real = await view.resolve(path);
  if (real === null) return;
  const before = await changeableState(view, real);
  if (before?.kind === "bytes") {
    const bytes = await readImage(view, real);
    if (bytes === null) return; // it could not be restored, so it stays
    await blobs.put(bytes);
  } else if (before?.kind !== "absent") return;
  const { mode, uid, gid, xattrs } =
    before.kind === "bytes" ? before : { mode: 0o644, uid: 0, gid: 0, xattrs: {} };
  const after: FileState = { kind: "bytes", mode, uid, gid, xattrs, ...content };
  draft.add({ why, path: real, before, after });
}
